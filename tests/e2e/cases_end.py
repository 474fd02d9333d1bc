# SPDX-License-Identifier: Apache-2.0
"""What must hold after everything else has run."""

from checks import check_equal, test


@test
def rounds_never_disagreed_in_the_audit_log(fixture):
    """The API server keeps the first value of an audit annotation, and complains of another one."""
    complaints = [line for line in fixture.cluster.program("kube-apiserver").read_log().splitlines()
                  if "Failed to set admission audit annotation" in line]
    check_equal("complaints", complaints, [])


@test
def pannier_complained_of_nothing_and_ends_well(fixture):
    check_equal("log", [line for line in fixture.pannier.log_lines() if line["level"] in ("warn", "error")], [])
    check_equal("exit code", fixture.pannier.stop(), 0)
