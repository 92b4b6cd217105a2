"""The settings of a container, as they are asked for; that they hold is shown in test_container.py."""

from __future__ import annotations

import json
from typing import Any

import pytest
from docker.types import ContainerConfig

from pytest_supercharger.sandbox.hardening import Bind, ContainerSpec, create_arguments, seccomp_profile

_DENIED = """
    ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd pidfd_send_signal kcmp shmget shmat shmctl
    semget semop semctl semtimedop msgget msgsnd msgrcv msgctl mq_open mq_unlink memfd_secret setpriority ioprio_set
    name_to_handle_at open_by_handle_at io_setup io_submit io_uring_setup io_uring_enter fanotify_init fanotify_mark
    kexec_load personality socketcall ipc unshare setns mount umount2 pivot_root chroot bpf perf_event_open userfaultfd
    keyctl add_key request_key init_module reboot swapon acct iopl ioperm modify_ldt
"""


def spec(**changes: Any) -> ContainerSpec:
    values: dict[str, Any] = {
        "image": "image:tag",
        "command": ["python"],
        "slot": 3,
        "binds": [Bind(source="/usr/lib", target="/usr/lib")],
        "environment": {"TZ": "UTC"},
        "labels": {"label": "value"},
        "architecture": "x86_64",
        "cgroup_v2": True,
        "memory_bytes": 512,
        "project": "/home/me/project",
    }
    return ContainerSpec(**{**values, **changes})


@pytest.mark.parametrize("name", _DENIED.split())
def test_system_calls_that_reach_other_processes_or_the_kernel_are_in_no_rule(name: str) -> None:
    rules = json.loads(seccomp_profile("x86_64"))["syscalls"]
    assert not [rule for rule in rules if name in rule["names"]]


def test_every_system_call_that_is_not_named_is_refused() -> None:
    assert json.loads(seccomp_profile("x86_64"))["defaultAction"] == "SCMP_ACT_ERRNO"


@pytest.mark.parametrize(("machine", "native"), [("x86_64", "SCMP_ARCH_X86_64"), ("aarch64", "SCMP_ARCH_AARCH64")])
def test_only_the_native_architecture_may_make_system_calls(machine: str, native: str) -> None:
    assert json.loads(seccomp_profile(machine))["architectures"] == [native]


def test_sockets_are_allowed_for_three_families_only() -> None:
    rules = [rule for rule in json.loads(seccomp_profile("x86_64"))["syscalls"] if "socket" in rule["names"]]
    assert sorted(rule["args"][0]["value"] for rule in rules) == [1, 2, 10]
    assert all(len(rule["args"]) == 1 and rule["args"][0]["op"] == "SCMP_CMP_EQ" for rule in rules)


def test_calls_on_another_process_are_allowed_on_oneself_only() -> None:
    rules = json.loads(seccomp_profile("x86_64"))["syscalls"]
    for name in ("prlimit64", "sched_setaffinity", "sched_setscheduler"):
        (rule,) = [rule for rule in rules if name in rule["names"]]
        assert rule["args"] == [{"index": 0, "value": 0, "op": "SCMP_CMP_EQ"}]


def test_the_container_loses_its_input_with_its_client() -> None:
    container, _ = create_arguments(spec())
    config = ContainerConfig("1.41", **{key: value for key, value in container.items() if key != "network_disabled"})
    assert (config["OpenStdin"], config["StdinOnce"], config["Tty"]) == (True, True, False)


def test_slots_have_users_of_their_own() -> None:
    assert create_arguments(spec(slot=3))[0]["user"] == "10003:10003"


def test_nothing_is_granted() -> None:
    _, host = create_arguments(spec())
    assert host["cap_drop"] == ["ALL"]
    assert "no-new-privileges" in host["security_opt"]
    assert host["network_mode"] == "none"
    assert host["read_only"]
    assert host["memswap_limit"] == host["mem_limit"] == 512
    assert not {"privileged", "cap_add", "devices", "pid_mode", "volumes_from", "userns_mode"} & set(host)


def test_an_image_brings_no_process_of_its_own() -> None:
    container, _ = create_arguments(spec())
    assert container["entrypoint"] == []
    assert container["healthcheck"] == {"test": ["NONE"]}


def test_the_runtime_is_the_one_that_is_named() -> None:
    assert "runtime" not in create_arguments(spec())[1]
    assert create_arguments(spec(runtime="crun"))[1]["runtime"] == "crun"
    assert create_arguments(spec(runtime="crun"))[1]["pids_limit"] == 128


def test_threads_of_gvisors_own_kernel_are_not_counted_as_those_of_a_job() -> None:
    for runtime in ("runsc", "runsc-kvm"):
        assert create_arguments(spec(runtime=runtime, processes=32))[1]["pids_limit"] == 512


def test_limits_are_those_of_the_settings() -> None:
    _, host = create_arguments(spec(processes=9, disk_bytes=4096))
    assert host["pids_limit"] == 9
    assert "size=4096," in host["tmpfs"]["/tmp"]
    assert {"Name": "fsize", "Soft": 4096, "Hard": 4096} in host["ulimits"]


def test_a_volume_is_seen_read_only() -> None:
    _, host = create_arguments(spec(binds=[], volumes={"copy": "/snapshot"}))
    (mount,) = host["mounts"]
    assert (mount["Type"], mount["Source"], mount["Target"], mount["ReadOnly"]) == ("volume", "copy", "/snapshot", True)


def test_every_mount_is_read_only_and_not_recursive() -> None:
    _, host = create_arguments(spec())
    assert [mount["ReadOnly"] for mount in host["mounts"]] == [True]
    assert host["mounts"][0]["BindOptions"]["NonRecursive"]


def test_only_the_project_and_the_temporary_folder_of_its_tests_may_hold_executables_among_the_writable_ones() -> None:
    _, host = create_arguments(spec())
    writable = {path: options for path, options in host["tmpfs"].items() if options.startswith("rw")}
    assert {path for path, options in writable.items() if ",exec," in options} == {"/home/me/project", "/tmp"}
    assert all("nosuid,nodev" in options and "size=" in options for options in writable.values())


def test_a_cgroup_namespace_is_asked_for_where_the_engine_has_it() -> None:
    assert create_arguments(spec(cgroup_v2=True))[1]["cgroupns"] == "private"
    assert "cgroupns" not in create_arguments(spec(cgroup_v2=False))[1]
