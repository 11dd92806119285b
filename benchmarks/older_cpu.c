/* Hides instruction sets of this processor from the program that it is preloaded into.

   cc -O1 -shared -fPIC -o older_cpu.so older_cpu.c
   OLDER_CPU=avx2 LD_PRELOAD=./older_cpu.so program

   OLDER_CPU=avx2 hides AVX-512 and AMX; OLDER_CPU=sse4 hides AVX, AVX2 and FMA too. Every library
   asks the processor with the instruction CPUID, which Linux can make fault: the handler answers
   in the processor's place. x86-64 Linux alone; exits with 99 where that cannot be had.

   Bits: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, CPUID. */

#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define BIT(n) (1u << (n))

enum { ARCH_SET_CPUID = 0x1012, CANNOT = 99 };

static const unsigned FMA_AVX_F16C = BIT(12) | BIT(28) | BIT(29);
static const unsigned BMI1_AVX2_BMI2 = BIT(3) | BIT(5) | BIT(8);
static const unsigned AVX512_B =
    BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) | BIT(30) | BIT(31);
static const unsigned AVX512_C = BIT(1) | BIT(6) | BIT(9) | BIT(10) | BIT(11) | BIT(12) | BIT(14);
static const unsigned AVX512_AMX_D =
    BIT(2) | BIT(3) | BIT(8) | BIT(22) | BIT(23) | BIT(24) | BIT(25);

static int with_avx2;

static long let_cpuid(long allowed)
{
    return syscall(SYS_arch_prctl, ARCH_SET_CPUID, allowed);
}

static void answer(int number, siginfo_t *info, void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const unsigned char *code = (const unsigned char *)registers[REG_RIP];
    if (info->si_code != SI_KERNEL || code[0] != 0x0f || code[1] != 0xa2) {
        signal(number, SIG_DFL); /* a fault of the program's own: it faults again, and dies */
        return;
    }
    unsigned leaf = registers[REG_RAX], part = registers[REG_RCX], a, b, c, d;
    let_cpuid(1);
    __asm__ volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(leaf), "c"(part));
    let_cpuid(0);
    if (leaf == 1 && !with_avx2)
        c &= ~FMA_AVX_F16C;
    if (leaf == 7 && part == 0) {
        b &= ~(with_avx2 ? AVX512_B : AVX512_B | BMI1_AVX2_BMI2);
        c &= ~AVX512_C;
        d &= ~AVX512_AMX_D;
    }
    if (leaf == 7 && part == 1)
        a = b = c = d = 0;
    registers[REG_RAX] = a;
    registers[REG_RBX] = b;
    registers[REG_RCX] = c;
    registers[REG_RDX] = d;
    registers[REG_RIP] += 2;
}

__attribute__((constructor(101))) static void start(void)
{
    const char *kind = getenv("OLDER_CPU");
    if (!kind)
        return;
    with_avx2 = strcmp(kind, "avx2") == 0;
    struct sigaction action = {.sa_sigaction = answer, .sa_flags = SA_SIGINFO | SA_NODEFER};
    if (sigaction(SIGSEGV, &action, NULL) || let_cpuid(0))
        _exit(CANNOT);
}
