#!/usr/bin/env python3
"""scripts/check-spills finds spills where they are, and only there: loops in assembly, one fault each."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts/check-spills"
SKIPPED = 77

# A function around one loop. What stands in BODY decides.
FRAME = """
    .text
    .globl kernel
    .type kernel, @function
kernel:
{before}
    jmp .Lloop
    .p2align 5
.Lloop:
{body}
    dec %rdi
    jne .Lloop
{after}
    ret
    .size kernel, . - kernel
"""
PRODUCT = "    vfmadd231ps (%rsi), %ymm1, %ymm0\n"
CASES = [
    # name, before the loop, in it, behind it, whether it is a fault
    ("clean", "", PRODUCT, "", False),
    ("store", "", PRODUCT + "    vmovaps %ymm0, -32(%rsp)", "", True),
    ("load", "", PRODUCT + "    vmovups 0x40(%rsp), %ymm2", "", True),
    ("operand", "", "    vfmadd213ps -64(%rsp), %zmm1, %zmm0", "", True),
    ("indexed", "", PRODUCT + "    vaddps 8(%rsp,%rax,4), %zmm0, %zmm0", "", True),
    ("frame pointer", "    push %rbp\n    mov %rsp, %rbp",
     PRODUCT + "    vmovaps %ymm0, -32(%rbp)", "    pop %rbp", True),
    ("rbp as any register", "", PRODUCT + "    vmovaps %ymm0, -32(%rbp)", "", False),
    ("outside the loop", "    vmovaps %ymm0, -32(%rsp)", PRODUCT, "    vmovaps -32(%rsp), %ymm0", False),
    ("scalar", "", PRODUCT + "    mov %rax, -8(%rsp)", "", False),
    ("not hot", "", "    vaddps %ymm0, %ymm1, %ymm1\n    vmovaps %ymm1, -32(%rsp)", "", False),
    ("outer loop", "", "    vmovaps %ymm0, -32(%rsp)\n    mov $8, %ecx\n1:\n" + PRODUCT +
     "    dec %ecx\n    jne 1b", "", False),
    ("inner loop", "", "    mov $8, %ecx\n1:\n" + PRODUCT +
     "    vmovaps %ymm0, -32(%rsp)\n    dec %ecx\n    jne 1b", "", True),
    # What is rare stands behind the function and jumps back into the loop.
    ("out of line", "", PRODUCT + "    test %eax, %eax\n    je 2f\n3:", "    ret\n2:\n"
     "    vmovaps %ymm0, -32(%rsp)\n    jmp 3b", True),
]


def check(folder, before, body, after):
    source, target = folder / "case.s", folder / "case.o"
    source.write_text(FRAME.format(before=before, body=body, after=after))
    subprocess.run(["as", "-o", target, source], check=True)
    return subprocess.run([sys.executable, SCRIPT, "--objects", target], capture_output=True, text=True)


def main():
    if not shutil.which("as") or not shutil.which("objdump"):
        print("skipped: as or objdump is missing (they come with binutils)")
        return SKIPPED
    faults = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, before, body, after, wanted in CASES:
            done = check(pathlib.Path(folder), before, body, after)
            named = not wanted or ("kernel" in done.stdout and "case.o" in done.stdout)
            if done.returncode != int(wanted) or not named:
                faults += 1
                print(f"{name}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    print(f"{len(CASES)} cases, {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
