import os

from pytest_supercharger import supercharge


def a0(x):
    """Doc 0."""
    return 0  # 0


def a1(x):
    """Doc 1."""
    return 1  # 1


def a2(x):
    """Doc 2."""
    return 2  # 2


def a3(x):
    """Doc 3."""
    return 3  # 3


def a4(x):
    """Doc 4."""
    return 4  # 4


def a5(x):
    """Doc 5."""
    return 5  # 5


def a6(x):
    """Doc 6."""
    return 6  # 6


def a7(x):
    """Doc 7."""
    return 7  # 7


def a8(x):
    """Doc 8."""
    return 8  # 8


def a9(x):
    """Doc 9."""
    return 9  # 9


def a10(x):
    """Doc 10."""
    return 10  # 10


def a11(x):
    """Doc 11."""
    return 11  # 11


def a12(x):
    """Doc 12."""
    return 12  # 12


def a13(x):
    """Doc 13."""
    return 13  # 13


def a14(x):
    """Doc 14."""
    return 14  # 14


def a15(x):
    """Doc 15."""
    return 15  # 15


def a16(x):
    """Doc 16."""
    return 16  # 16


def a17(x):
    """Doc 17."""
    return 17  # 17


def a18(x):
    """Doc 18."""
    return 18  # 18


def a19(x):
    """Doc 19."""
    return 19  # 19


def a20(x):
    """Doc 20."""
    return 20  # 20


def a21(x):
    """Doc 21."""
    return 21  # 21


def a22(x):
    """Doc 22."""
    return 22  # 22


def a23(x):
    """Doc 23."""
    return 23  # 23


def a24(x):
    """Doc 24."""
    return 24  # 24


def a25(x):
    """Doc 25."""
    return 25  # 25


def a26(x):
    """Doc 26."""
    return 26  # 26


def a27(x):
    """Doc 27."""
    return 27  # 27


def a28(x):
    """Doc 28."""
    return 28  # 28


def a29(x):
    """Doc 29."""
    return 29  # 29


def a30(x):
    """Doc 30."""
    return 30  # 30


def a31(x):
    """Doc 31."""
    return 31  # 31


def a32(x):
    """Doc 32."""
    return 32  # 32


def a33(x):
    """Doc 33."""
    return 33  # 33


def a34(x):
    """Doc 34."""
    return 34  # 34


def a35(x):
    """Doc 35."""
    return 35  # 35


def a36(x):
    """Doc 36."""
    return 36  # 36


def a37(x):
    """Doc 37."""
    return 37  # 37


def a38(x):
    """Doc 38."""
    return 38  # 38


def a39(x):
    """Doc 39."""
    return 39  # 39


def a40(x):
    """Doc 40."""
    return 40  # 40


def a41(x):
    """Doc 41."""
    return 41  # 41


def a42(x):
    """Doc 42."""
    return 42  # 42


def a43(x):
    """Doc 43."""
    return 43  # 43


def a44(x):
    """Doc 44."""
    return 44  # 44


def a45(x):
    """Doc 45."""
    return 45  # 45


def a46(x):
    """Doc 46."""
    return 46  # 46


def a47(x):
    """Doc 47."""
    return 47  # 47


def a48(x):
    """Doc 48."""
    return 48  # 48


def a49(x):
    """Doc 49."""
    return 49  # 49


def a50(x):
    """Doc 50."""
    return 50  # 50


def a51(x):
    """Doc 51."""
    return 51  # 51


def a52(x):
    """Doc 52."""
    return 52  # 52


def a53(x):
    """Doc 53."""
    return 53  # 53


def a54(x):
    """Doc 54."""
    return 54  # 54


def a55(x):
    """Doc 55."""
    return 55  # 55


def a56(x):
    """Doc 56."""
    return 56  # 56


def a57(x):
    """Doc 57."""
    return 57  # 57


def a58(x):
    """Doc 58."""
    return 58  # 58


def a59(x):
    """Doc 59."""
    return 59  # 59


def a60(x):
    """Doc 60."""
    return 60  # 60


def a61(x):
    """Doc 61."""
    return 61  # 61


def a62(x):
    """Doc 62."""
    return 62  # 62


def a63(x):
    """Doc 63."""
    return 63  # 63


def a64(x):
    """Doc 64."""
    return 64  # 64


def a65(x):
    """Doc 65."""
    return 65  # 65


def a66(x):
    """Doc 66."""
    return 66  # 66


def a67(x):
    """Doc 67."""
    return 67  # 67


def a68(x):
    """Doc 68."""
    return 68  # 68


def a69(x):
    """Doc 69."""
    return 69  # 69


def a70(x):
    """Doc 70."""
    return 70  # 70


def a71(x):
    """Doc 71."""
    return 71  # 71


def a72(x):
    """Doc 72."""
    return 72  # 72


def a73(x):
    """Doc 73."""
    return 73  # 73


def a74(x):
    """Doc 74."""
    return 74  # 74


def a75(x):
    """Doc 75."""
    return 75  # 75


def a76(x):
    """Doc 76."""
    return 76  # 76


def a77(x):
    """Doc 77."""
    return 77  # 77


def a78(x):
    """Doc 78."""
    return 78  # 78


def a79(x):
    """Doc 79."""
    return 79  # 79


def a80(x):
    """Doc 80."""
    return 80  # 80


def a81(x):
    """Doc 81."""
    return 81  # 81


def a82(x):
    """Doc 82."""
    return 82  # 82


def a83(x):
    """Doc 83."""
    return 83  # 83


def a84(x):
    """Doc 84."""
    return 84  # 84


def a85(x):
    """Doc 85."""
    return 85  # 85


def a86(x):
    """Doc 86."""
    return 86  # 86


def a87(x):
    """Doc 87."""
    return 87  # 87


def a88(x):
    """Doc 88."""
    return 88  # 88


def a89(x):
    """Doc 89."""
    return 89  # 89


def a90(x):
    """Doc 90."""
    return 90  # 90


def a91(x):
    """Doc 91."""
    return 91  # 91


def a92(x):
    """Doc 92."""
    return 92  # 92


def a93(x):
    """Doc 93."""
    return 93  # 93


def a94(x):
    """Doc 94."""
    return 94  # 94


def a95(x):
    """Doc 95."""
    return 95  # 95


def a96(x):
    """Doc 96."""
    return 96  # 96


def a97(x):
    """Doc 97."""
    return 97  # 97


def a98(x):
    """Doc 98."""
    return 98  # 98


def a99(x):
    """Doc 99."""
    return 99  # 99


def a100(x):
    """Doc 100."""
    return 100  # 100


def a101(x):
    """Doc 101."""
    return 101  # 101


def a102(x):
    """Doc 102."""
    return 102  # 102


def a103(x):
    """Doc 103."""
    return 103  # 103


def a104(x):
    """Doc 104."""
    return 104  # 104


def a105(x):
    """Doc 105."""
    return 105  # 105


def a106(x):
    """Doc 106."""
    return 106  # 106


def a107(x):
    """Doc 107."""
    return 107  # 107


def a108(x):
    """Doc 108."""
    return 108  # 108


def a109(x):
    """Doc 109."""
    return 109  # 109


def a110(x):
    """Doc 110."""
    return 110  # 110


def a111(x):
    """Doc 111."""
    return 111  # 111


def a112(x):
    """Doc 112."""
    return 112  # 112


def a113(x):
    """Doc 113."""
    return 113  # 113


def a114(x):
    """Doc 114."""
    return 114  # 114


def a115(x):
    """Doc 115."""
    return 115  # 115


def a116(x):
    """Doc 116."""
    return 116  # 116


def a117(x):
    """Doc 117."""
    return 117  # 117


def a118(x):
    """Doc 118."""
    return 118  # 118


def a119(x):
    """Doc 119."""
    return 119  # 119


def a120(x):
    """Doc 120."""
    return 120  # 120


def a121(x):
    """Doc 121."""
    return 121  # 121


def a122(x):
    """Doc 122."""
    return 122  # 122


def a123(x):
    """Doc 123."""
    return 123  # 123


def a124(x):
    """Doc 124."""
    return 124  # 124


def a125(x):
    """Doc 125."""
    return 125  # 125


def a126(x):
    """Doc 126."""
    return 126  # 126


def a127(x):
    """Doc 127."""
    return 127  # 127


def a128(x):
    """Doc 128."""
    return 128  # 128


def a129(x):
    """Doc 129."""
    return 129  # 129


def a130(x):
    """Doc 130."""
    return 130  # 130


def a131(x):
    """Doc 131."""
    return 131  # 131


def a132(x):
    """Doc 132."""
    return 132  # 132


def a133(x):
    """Doc 133."""
    return 133  # 133


def a134(x):
    """Doc 134."""
    return 134  # 134


def a135(x):
    """Doc 135."""
    return 135  # 135


def a136(x):
    """Doc 136."""
    return 136  # 136


def a137(x):
    """Doc 137."""
    return 137  # 137


def a138(x):
    """Doc 138."""
    return 138  # 138


def a139(x):
    """Doc 139."""
    return 139  # 139


def a140(x):
    """Doc 140."""
    return 140  # 140


def a141(x):
    """Doc 141."""
    return 141  # 141


def a142(x):
    """Doc 142."""
    return 142  # 142


def a143(x):
    """Doc 143."""
    return 143  # 143


def a144(x):
    """Doc 144."""
    return 144  # 144


def a145(x):
    """Doc 145."""
    return 145  # 145


def a146(x):
    """Doc 146."""
    return 146  # 146


def a147(x):
    """Doc 147."""
    return 147  # 147


def a148(x):
    """Doc 148."""
    return 148  # 148


def a149(x):
    """Doc 149."""
    return 149  # 149


def a150(x):
    """Doc 150."""
    return 150  # 150


def a151(x):
    """Doc 151."""
    return 151  # 151


def a152(x):
    """Doc 152."""
    return 152  # 152


def a153(x):
    """Doc 153."""
    return 153  # 153


def a154(x):
    """Doc 154."""
    return 154  # 154


def a155(x):
    """Doc 155."""
    return 155  # 155


def a156(x):
    """Doc 156."""
    return 156  # 156


def a157(x):
    """Doc 157."""
    return 157  # 157


def a158(x):
    """Doc 158."""
    return 158  # 158


def a159(x):
    """Doc 159."""
    return 159  # 159


def a160(x):
    """Doc 160."""
    return 160  # 160


def a161(x):
    """Doc 161."""
    return 161  # 161


def a162(x):
    """Doc 162."""
    return 162  # 162


def a163(x):
    """Doc 163."""
    return 163  # 163


def a164(x):
    """Doc 164."""
    return 164  # 164


def a165(x):
    """Doc 165."""
    return 165  # 165


def a166(x):
    """Doc 166."""
    return 166  # 166


def a167(x):
    """Doc 167."""
    return 167  # 167


def a168(x):
    """Doc 168."""
    return 168  # 168


def a169(x):
    """Doc 169."""
    return 169  # 169


def a170(x):
    """Doc 170."""
    return 170  # 170


def a171(x):
    """Doc 171."""
    return 171  # 171


def a172(x):
    """Doc 172."""
    return 172  # 172


def a173(x):
    """Doc 173."""
    return 173  # 173


def a174(x):
    """Doc 174."""
    return 174  # 174


def a175(x):
    """Doc 175."""
    return 175  # 175


def a176(x):
    """Doc 176."""
    return 176  # 176


def a177(x):
    """Doc 177."""
    return 177  # 177


def a178(x):
    """Doc 178."""
    return 178  # 178


def a179(x):
    """Doc 179."""
    return 179  # 179


def a180(x):
    """Doc 180."""
    return 180  # 180


def a181(x):
    """Doc 181."""
    return 181  # 181


def a182(x):
    """Doc 182."""
    return 182  # 182


def a183(x):
    """Doc 183."""
    return 183  # 183


def a184(x):
    """Doc 184."""
    return 184  # 184


def a185(x):
    """Doc 185."""
    return 185  # 185


def a186(x):
    """Doc 186."""
    return 186  # 186


def a187(x):
    """Doc 187."""
    return 187  # 187


def a188(x):
    """Doc 188."""
    return 188  # 188


def a189(x):
    """Doc 189."""
    return 189  # 189


def a190(x):
    """Doc 190."""
    return 190  # 190


def a191(x):
    """Doc 191."""
    return 191  # 191


def a192(x):
    """Doc 192."""
    return 192  # 192


def a193(x):
    """Doc 193."""
    return 193  # 193


def a194(x):
    """Doc 194."""
    return 194  # 194


def a195(x):
    """Doc 195."""
    return 195  # 195


def a196(x):
    """Doc 196."""
    return 196  # 196


def a197(x):
    """Doc 197."""
    return 197  # 197


def a198(x):
    """Doc 198."""
    return 198  # 198


def a199(x):
    """Doc 199."""
    return 199  # 199


def a200(x):
    """Doc 200."""
    return 200  # 200


def a201(x):
    """Doc 201."""
    return 201  # 201


def a202(x):
    """Doc 202."""
    return 202  # 202


def a203(x):
    """Doc 203."""
    return 203  # 203


def a204(x):
    """Doc 204."""
    return 204  # 204


def a205(x):
    """Doc 205."""
    return 205  # 205


def a206(x):
    """Doc 206."""
    return 206  # 206


def a207(x):
    """Doc 207."""
    return 207  # 207


def a208(x):
    """Doc 208."""
    return 208  # 208


def a209(x):
    """Doc 209."""
    return 209  # 209


def a210(x):
    """Doc 210."""
    return 210  # 210


def a211(x):
    """Doc 211."""
    return 211  # 211


def a212(x):
    """Doc 212."""
    return 212  # 212


def a213(x):
    """Doc 213."""
    return 213  # 213


def a214(x):
    """Doc 214."""
    return 214  # 214


def a215(x):
    """Doc 215."""
    return 215  # 215


def a216(x):
    """Doc 216."""
    return 216  # 216


def a217(x):
    """Doc 217."""
    return 217  # 217


def a218(x):
    """Doc 218."""
    return 218  # 218


def a219(x):
    """Doc 219."""
    return 219  # 219


def a220(x):
    """Doc 220."""
    return 220  # 220


def a221(x):
    """Doc 221."""
    return 221  # 221


def a222(x):
    """Doc 222."""
    return 222  # 222


def a223(x):
    """Doc 223."""
    return 223  # 223


def a224(x):
    """Doc 224."""
    return 224  # 224


def a225(x):
    """Doc 225."""
    return 225  # 225


def a226(x):
    """Doc 226."""
    return 226  # 226


def a227(x):
    """Doc 227."""
    return 227  # 227


def a228(x):
    """Doc 228."""
    return 228  # 228


def a229(x):
    """Doc 229."""
    return 229  # 229


def a230(x):
    """Doc 230."""
    return 230  # 230


def a231(x):
    """Doc 231."""
    return 231  # 231


def a232(x):
    """Doc 232."""
    return 232  # 232


def a233(x):
    """Doc 233."""
    return 233  # 233


def a234(x):
    """Doc 234."""
    return 234  # 234


def a235(x):
    """Doc 235."""
    return 235  # 235


def a236(x):
    """Doc 236."""
    return 236  # 236


def a237(x):
    """Doc 237."""
    return 237  # 237


def a238(x):
    """Doc 238."""
    return 238  # 238


def a239(x):
    """Doc 239."""
    return 239  # 239


def a240(x):
    """Doc 240."""
    return 240  # 240


def a241(x):
    """Doc 241."""
    return 241  # 241


def a242(x):
    """Doc 242."""
    return 242  # 242


def a243(x):
    """Doc 243."""
    return 243  # 243


def a244(x):
    """Doc 244."""
    return 244  # 244


def a245(x):
    """Doc 245."""
    return 245  # 245


def a246(x):
    """Doc 246."""
    return 246  # 246


def a247(x):
    """Doc 247."""
    return 247  # 247


def a248(x):
    """Doc 248."""
    return 248  # 248


def a249(x):
    """Doc 249."""
    return 249  # 249


def a250(x):
    """Doc 250."""
    return 250  # 250


def a251(x):
    """Doc 251."""
    return 251  # 251


def a252(x):
    """Doc 252."""
    return 252  # 252


def a253(x):
    """Doc 253."""
    return 253  # 253


def a254(x):
    """Doc 254."""
    return 254  # 254


def a255(x):
    """Doc 255."""
    return 255  # 255


def a256(x):
    """Doc 256."""
    return 256  # 256


def a257(x):
    """Doc 257."""
    return 257  # 257


def a258(x):
    """Doc 258."""
    return 258  # 258


def a259(x):
    """Doc 259."""
    return 259  # 259


def a260(x):
    """Doc 260."""
    return 260  # 260


def a261(x):
    """Doc 261."""
    return 261  # 261


def a262(x):
    """Doc 262."""
    return 262  # 262


def a263(x):
    """Doc 263."""
    return 263  # 263


def a264(x):
    """Doc 264."""
    return 264  # 264


def a265(x):
    """Doc 265."""
    return 265  # 265


def a266(x):
    """Doc 266."""
    return 266  # 266


def a267(x):
    """Doc 267."""
    return 267  # 267


def a268(x):
    """Doc 268."""
    return 268  # 268


def a269(x):
    """Doc 269."""
    return 269  # 269


def a270(x):
    """Doc 270."""
    return 270  # 270


def a271(x):
    """Doc 271."""
    return 271  # 271


def a272(x):
    """Doc 272."""
    return 272  # 272


def a273(x):
    """Doc 273."""
    return 273  # 273


def a274(x):
    """Doc 274."""
    return 274  # 274


def a275(x):
    """Doc 275."""
    return 275  # 275


def a276(x):
    """Doc 276."""
    return 276  # 276


def a277(x):
    """Doc 277."""
    return 277  # 277


def a278(x):
    """Doc 278."""
    return 278  # 278


def a279(x):
    """Doc 279."""
    return 279  # 279


def a280(x):
    """Doc 280."""
    return 280  # 280


def a281(x):
    """Doc 281."""
    return 281  # 281


def a282(x):
    """Doc 282."""
    return 282  # 282


def a283(x):
    """Doc 283."""
    return 283  # 283


def a284(x):
    """Doc 284."""
    return 284  # 284


def a285(x):
    """Doc 285."""
    return 285  # 285


def a286(x):
    """Doc 286."""
    return 286  # 286


def a287(x):
    """Doc 287."""
    return 287  # 287


def a288(x):
    """Doc 288."""
    return 288  # 288


def a289(x):
    """Doc 289."""
    return 289  # 289


def a290(x):
    """Doc 290."""
    return 290  # 290


def a291(x):
    """Doc 291."""
    return 291  # 291


def a292(x):
    """Doc 292."""
    return 292  # 292


def a293(x):
    """Doc 293."""
    return 293  # 293


def a294(x):
    """Doc 294."""
    return 294  # 294


def a295(x):
    """Doc 295."""
    return 295  # 295


def a296(x):
    """Doc 296."""
    return 296  # 296


def a297(x):
    """Doc 297."""
    return 297  # 297


def a298(x):
    """Doc 298."""
    return 298  # 298


def a299(x):
    """Doc 299."""
    return 299  # 299


def a300(x):
    """Doc 300."""
    return 300  # 300


def a301(x):
    """Doc 301."""
    return 301  # 301


def a302(x):
    """Doc 302."""
    return 302  # 302


def a303(x):
    """Doc 303."""
    return 303  # 303


def a304(x):
    """Doc 304."""
    return 304  # 304


def a305(x):
    """Doc 305."""
    return 305  # 305


def a306(x):
    """Doc 306."""
    return 306  # 306


def a307(x):
    """Doc 307."""
    return 307  # 307


def a308(x):
    """Doc 308."""
    return 308  # 308


def a309(x):
    """Doc 309."""
    return 309  # 309


def a310(x):
    """Doc 310."""
    return 310  # 310


def a311(x):
    """Doc 311."""
    return 311  # 311


def a312(x):
    """Doc 312."""
    return 312  # 312


def a313(x):
    """Doc 313."""
    return 313  # 313


def a314(x):
    """Doc 314."""
    return 314  # 314


def a315(x):
    """Doc 315."""
    return 315  # 315


def a316(x):
    """Doc 316."""
    return 316  # 316


def a317(x):
    """Doc 317."""
    return 317  # 317


def a318(x):
    """Doc 318."""
    return 318  # 318


def a319(x):
    """Doc 319."""
    return 319  # 319


def a320(x):
    """Doc 320."""
    return 320  # 320


def a321(x):
    """Doc 321."""
    return 321  # 321


def a322(x):
    """Doc 322."""
    return 322  # 322


def a323(x):
    """Doc 323."""
    return 323  # 323


def a324(x):
    """Doc 324."""
    return 324  # 324


def a325(x):
    """Doc 325."""
    return 325  # 325


def a326(x):
    """Doc 326."""
    return 326  # 326


def a327(x):
    """Doc 327."""
    return 327  # 327


def a328(x):
    """Doc 328."""
    return 328  # 328


def a329(x):
    """Doc 329."""
    return 329  # 329


def a330(x):
    """Doc 330."""
    return 330  # 330


def a331(x):
    """Doc 331."""
    return 331  # 331


def a332(x):
    """Doc 332."""
    return 332  # 332


def a333(x):
    """Doc 333."""
    return 333  # 333


def a334(x):
    """Doc 334."""
    return 334  # 334


def a335(x):
    """Doc 335."""
    return 335  # 335


def a336(x):
    """Doc 336."""
    return 336  # 336


def a337(x):
    """Doc 337."""
    return 337  # 337


def a338(x):
    """Doc 338."""
    return 338  # 338


def a339(x):
    """Doc 339."""
    return 339  # 339


def a340(x):
    """Doc 340."""
    return 340  # 340


def a341(x):
    """Doc 341."""
    return 341  # 341


def a342(x):
    """Doc 342."""
    return 342  # 342


def a343(x):
    """Doc 343."""
    return 343  # 343


def a344(x):
    """Doc 344."""
    return 344  # 344


def a345(x):
    """Doc 345."""
    return 345  # 345


def a346(x):
    """Doc 346."""
    return 346  # 346


def a347(x):
    """Doc 347."""
    return 347  # 347


def a348(x):
    """Doc 348."""
    return 348  # 348


def a349(x):
    """Doc 349."""
    return 349  # 349


def a350(x):
    """Doc 350."""
    return 350  # 350


def a351(x):
    """Doc 351."""
    return 351  # 351


def a352(x):
    """Doc 352."""
    return 352  # 352


def a353(x):
    """Doc 353."""
    return 353  # 353


def a354(x):
    """Doc 354."""
    return 354  # 354


def a355(x):
    """Doc 355."""
    return 355  # 355


def a356(x):
    """Doc 356."""
    return 356  # 356


def a357(x):
    """Doc 357."""
    return 357  # 357


def a358(x):
    """Doc 358."""
    return 358  # 358


def a359(x):
    """Doc 359."""
    return 359  # 359


def a360(x):
    """Doc 360."""
    return 360  # 360


def a361(x):
    """Doc 361."""
    return 361  # 361


def a362(x):
    """Doc 362."""
    return 362  # 362


def a363(x):
    """Doc 363."""
    return 363  # 363


def a364(x):
    """Doc 364."""
    return 364  # 364


def a365(x):
    """Doc 365."""
    return 365  # 365


def a366(x):
    """Doc 366."""
    return 366  # 366


def a367(x):
    """Doc 367."""
    return 367  # 367


def a368(x):
    """Doc 368."""
    return 368  # 368


def a369(x):
    """Doc 369."""
    return 369  # 369


def a370(x):
    """Doc 370."""
    return 370  # 370


def a371(x):
    """Doc 371."""
    return 371  # 371


def a372(x):
    """Doc 372."""
    return 372  # 372


def a373(x):
    """Doc 373."""
    return 373  # 373


def a374(x):
    """Doc 374."""
    return 374  # 374


def a375(x):
    """Doc 375."""
    return 375  # 375


def a376(x):
    """Doc 376."""
    return 376  # 376


def a377(x):
    """Doc 377."""
    return 377  # 377


def a378(x):
    """Doc 378."""
    return 378  # 378


def a379(x):
    """Doc 379."""
    return 379  # 379


def a380(x):
    """Doc 380."""
    return 380  # 380


def a381(x):
    """Doc 381."""
    return 381  # 381


def a382(x):
    """Doc 382."""
    return 382  # 382


def a383(x):
    """Doc 383."""
    return 383  # 383


def a384(x):
    """Doc 384."""
    return 384  # 384


def a385(x):
    """Doc 385."""
    return 385  # 385


def a386(x):
    """Doc 386."""
    return 386  # 386


def a387(x):
    """Doc 387."""
    return 387  # 387


def a388(x):
    """Doc 388."""
    return 388  # 388


def a389(x):
    """Doc 389."""
    return 389  # 389


def a390(x):
    """Doc 390."""
    return 390  # 390


def a391(x):
    """Doc 391."""
    return 391  # 391


def a392(x):
    """Doc 392."""
    return 392  # 392


def a393(x):
    """Doc 393."""
    return 393  # 393


def a394(x):
    """Doc 394."""
    return 394  # 394


def a395(x):
    """Doc 395."""
    return 395  # 395


def a396(x):
    """Doc 396."""
    return 396  # 396


def a397(x):
    """Doc 397."""
    return 397  # 397


def a398(x):
    """Doc 398."""
    return 398  # 398


def a399(x):
    """Doc 399."""
    return 399  # 399


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError


def b0(x):
    return 0


def b1(x):
    return 1


def b2(x):
    return 2


def b3(x):
    return 3


def b4(x):
    return 4


def b5(x):
    return 5


def b6(x):
    return 6


def b7(x):
    return 7


def b8(x):
    return 8


def b9(x):
    return 9


def b10(x):
    return 10


def b11(x):
    return 11


def b12(x):
    return 12


def b13(x):
    return 13


def b14(x):
    return 14


def b15(x):
    return 15


def b16(x):
    return 16


def b17(x):
    return 17


def b18(x):
    return 18


def b19(x):
    return 19


def b20(x):
    return 20


def b21(x):
    return 21


def b22(x):
    return 22


def b23(x):
    return 23


def b24(x):
    return 24


def b25(x):
    return 25


def b26(x):
    return 26


def b27(x):
    return 27


def b28(x):
    return 28


def b29(x):
    return 29


def b30(x):
    return 30


def b31(x):
    return 31


def b32(x):
    return 32


def b33(x):
    return 33


def b34(x):
    return 34


def b35(x):
    return 35


def b36(x):
    return 36


def b37(x):
    return 37


def b38(x):
    return 38


def b39(x):
    return 39


def b40(x):
    return 40


def b41(x):
    return 41


def b42(x):
    return 42


def b43(x):
    return 43


def b44(x):
    return 44


def b45(x):
    return 45


def b46(x):
    return 46


def b47(x):
    return 47


def b48(x):
    return 48


def b49(x):
    return 49


def b50(x):
    return 50


def b51(x):
    return 51


def b52(x):
    return 52


def b53(x):
    return 53


def b54(x):
    return 54


def b55(x):
    return 55


def b56(x):
    return 56


def b57(x):
    return 57


def b58(x):
    return 58


def b59(x):
    return 59


def b60(x):
    return 60


def b61(x):
    return 61


def b62(x):
    return 62


def b63(x):
    return 63


def b64(x):
    return 64


def b65(x):
    return 65


def b66(x):
    return 66


def b67(x):
    return 67


def b68(x):
    return 68


def b69(x):
    return 69


def b70(x):
    return 70


def b71(x):
    return 71


def b72(x):
    return 72


def b73(x):
    return 73


def b74(x):
    return 74


def b75(x):
    return 75


def b76(x):
    return 76


def b77(x):
    return 77


def b78(x):
    return 78


def b79(x):
    return 79


def b80(x):
    return 80


def b81(x):
    return 81


def b82(x):
    return 82


def b83(x):
    return 83


def b84(x):
    return 84


def b85(x):
    return 85


def b86(x):
    return 86


def b87(x):
    return 87


def b88(x):
    return 88


def b89(x):
    return 89


def b90(x):
    return 90


def b91(x):
    return 91


def b92(x):
    return 92


def b93(x):
    return 93


def b94(x):
    return 94


def b95(x):
    return 95


def b96(x):
    return 96


def b97(x):
    return 97


def b98(x):
    return 98


def b99(x):
    return 99


def b100(x):
    return 100


def b101(x):
    return 101


def b102(x):
    return 102


def b103(x):
    return 103


def b104(x):
    return 104


def b105(x):
    return 105


def b106(x):
    return 106


def b107(x):
    return 107


def b108(x):
    return 108


def b109(x):
    return 109


def b110(x):
    return 110


def b111(x):
    return 111


def b112(x):
    return 112


def b113(x):
    return 113


def b114(x):
    return 114


def b115(x):
    return 115


def b116(x):
    return 116


def b117(x):
    return 117


def b118(x):
    return 118


def b119(x):
    return 119


def b120(x):
    return 120


def b121(x):
    return 121


def b122(x):
    return 122


def b123(x):
    return 123


def b124(x):
    return 124


def b125(x):
    return 125


def b126(x):
    return 126


def b127(x):
    return 127


def b128(x):
    return 128


def b129(x):
    return 129


def b130(x):
    return 130


def b131(x):
    return 131


def b132(x):
    return 132


def b133(x):
    return 133


def b134(x):
    return 134


def b135(x):
    return 135


def b136(x):
    return 136


def b137(x):
    return 137


def b138(x):
    return 138


def b139(x):
    return 139


def b140(x):
    return 140


def b141(x):
    return 141


def b142(x):
    return 142


def b143(x):
    return 143


def b144(x):
    return 144


def b145(x):
    return 145


def b146(x):
    return 146


def b147(x):
    return 147


def b148(x):
    return 148


def b149(x):
    return 149


def b150(x):
    return 150


def b151(x):
    return 151


def b152(x):
    return 152


def b153(x):
    return 153


def b154(x):
    return 154


def b155(x):
    return 155


def b156(x):
    return 156


def b157(x):
    return 157


def b158(x):
    return 158


def b159(x):
    return 159


def b160(x):
    return 160


def b161(x):
    return 161


def b162(x):
    return 162


def b163(x):
    return 163


def b164(x):
    return 164


def b165(x):
    return 165


def b166(x):
    return 166


def b167(x):
    return 167


def b168(x):
    return 168


def b169(x):
    return 169


def b170(x):
    return 170


def b171(x):
    return 171


def b172(x):
    return 172


def b173(x):
    return 173


def b174(x):
    return 174


def b175(x):
    return 175


def b176(x):
    return 176


def b177(x):
    return 177


def b178(x):
    return 178


def b179(x):
    return 179


def b180(x):
    return 180


def b181(x):
    return 181


def b182(x):
    return 182


def b183(x):
    return 183


def b184(x):
    return 184


def b185(x):
    return 185


def b186(x):
    return 186


def b187(x):
    return 187


def b188(x):
    return 188


def b189(x):
    return 189


def b190(x):
    return 190


def b191(x):
    return 191


def b192(x):
    return 192


def b193(x):
    return 193


def b194(x):
    return 194


def b195(x):
    return 195


def b196(x):
    return 196


def b197(x):
    return 197


def b198(x):
    return 198


def b199(x):
    return 199


def b200(x):
    return 200


def b201(x):
    return 201


def b202(x):
    return 202


def b203(x):
    return 203


def b204(x):
    return 204


def b205(x):
    return 205


def b206(x):
    return 206


def b207(x):
    return 207


def b208(x):
    return 208


def b209(x):
    return 209


def b210(x):
    return 210


def b211(x):
    return 211


def b212(x):
    return 212


def b213(x):
    return 213


def b214(x):
    return 214


def b215(x):
    return 215


def b216(x):
    return 216


def b217(x):
    return 217


def b218(x):
    return 218


def b219(x):
    return 219


def b220(x):
    return 220


def b221(x):
    return 221


def b222(x):
    return 222


def b223(x):
    return 223


def b224(x):
    return 224


def b225(x):
    return 225


def b226(x):
    return 226


def b227(x):
    return 227


def b228(x):
    return 228


def b229(x):
    return 229


def b230(x):
    return 230


def b231(x):
    return 231


def b232(x):
    return 232


def b233(x):
    return 233


def b234(x):
    return 234


def b235(x):
    return 235


def b236(x):
    return 236


def b237(x):
    return 237


def b238(x):
    return 238


def b239(x):
    return 239


def b240(x):
    return 240


def b241(x):
    return 241


def b242(x):
    return 242


def b243(x):
    return 243


def b244(x):
    return 244


def b245(x):
    return 245


def b246(x):
    return 246


def b247(x):
    return 247


def b248(x):
    return 248


def b249(x):
    return 249


def b250(x):
    return 250


def b251(x):
    return 251


def b252(x):
    return 252


def b253(x):
    return 253


def b254(x):
    return 254


def b255(x):
    return 255


def b256(x):
    return 256


def b257(x):
    return 257


def b258(x):
    return 258


def b259(x):
    return 259


def b260(x):
    return 260


def b261(x):
    return 261


def b262(x):
    return 262


def b263(x):
    return 263


def b264(x):
    return 264


def b265(x):
    return 265


def b266(x):
    return 266


def b267(x):
    return 267


def b268(x):
    return 268


def b269(x):
    return 269


def b270(x):
    return 270


def b271(x):
    return 271


def b272(x):
    return 272


def b273(x):
    return 273


def b274(x):
    return 274


def b275(x):
    return 275


def b276(x):
    return 276


def b277(x):
    return 277


def b278(x):
    return 278


def b279(x):
    return 279


def b280(x):
    return 280


def b281(x):
    return 281


def b282(x):
    return 282


def b283(x):
    return 283


def b284(x):
    return 284


def b285(x):
    return 285


def b286(x):
    return 286


def b287(x):
    return 287


def b288(x):
    return 288


def b289(x):
    return 289


def b290(x):
    return 290


def b291(x):
    return 291


def b292(x):
    return 292


def b293(x):
    return 293


def b294(x):
    return 294


def b295(x):
    return 295


def b296(x):
    return 296


def b297(x):
    return 297


def b298(x):
    return 298


def b299(x):
    return 299


def b300(x):
    return 300


def b301(x):
    return 301


def b302(x):
    return 302


def b303(x):
    return 303


def b304(x):
    return 304


def b305(x):
    return 305


def b306(x):
    return 306


def b307(x):
    return 307


def b308(x):
    return 308


def b309(x):
    return 309


def b310(x):
    return 310


def b311(x):
    return 311


def b312(x):
    return 312


def b313(x):
    return 313


def b314(x):
    return 314


def b315(x):
    return 315


def b316(x):
    return 316


def b317(x):
    return 317


def b318(x):
    return 318


def b319(x):
    return 319


def b320(x):
    return 320


def b321(x):
    return 321


def b322(x):
    return 322


def b323(x):
    return 323


def b324(x):
    return 324


def b325(x):
    return 325


def b326(x):
    return 326


def b327(x):
    return 327


def b328(x):
    return 328


def b329(x):
    return 329


def b330(x):
    return 330


def b331(x):
    return 331


def b332(x):
    return 332


def b333(x):
    return 333


def b334(x):
    return 334


def b335(x):
    return 335


def b336(x):
    return 336


def b337(x):
    return 337


def b338(x):
    return 338


def b339(x):
    return 339


def b340(x):
    return 340


def b341(x):
    return 341


def b342(x):
    return 342


def b343(x):
    return 343


def b344(x):
    return 344


def b345(x):
    return 345


def b346(x):
    return 346


def b347(x):
    return 347


def b348(x):
    return 348


def b349(x):
    return 349


def b350(x):
    return 350


def b351(x):
    return 351


def b352(x):
    return 352


def b353(x):
    return 353


def b354(x):
    return 354


def b355(x):
    return 355


def b356(x):
    return 356


def b357(x):
    return 357


def b358(x):
    return 358


def b359(x):
    return 359


def b360(x):
    return 360


def b361(x):
    return 361


def b362(x):
    return 362


def b363(x):
    return 363


def b364(x):
    return 364


def b365(x):
    return 365


def b366(x):
    return 366


def b367(x):
    return 367


def b368(x):
    return 368


def b369(x):
    return 369


def b370(x):
    return 370


def b371(x):
    return 371


def b372(x):
    return 372


def b373(x):
    return 373


def b374(x):
    return 374


def b375(x):
    return 375


def b376(x):
    return 376


def b377(x):
    return 377


def b378(x):
    return 378


def b379(x):
    return 379


def b380(x):
    return 380


def b381(x):
    return 381


def b382(x):
    return 382


def b383(x):
    return 383


def b384(x):
    return 384


def b385(x):
    return 385


def b386(x):
    return 386


def b387(x):
    return 387


def b388(x):
    return 388


def b389(x):
    return 389


def b390(x):
    return 390


def b391(x):
    return 391


def b392(x):
    return 392


def b393(x):
    return 393


def b394(x):
    return 394


def b395(x):
    return 395


def b396(x):
    return 396


def b397(x):
    return 397


def b398(x):
    return 398


def b399(x):
    return 399
