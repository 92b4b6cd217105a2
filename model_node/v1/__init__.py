"""Generated from protos/model_node/v1 by scripts/generate-protos; never edited by hand."""
