/* A stand-in for the NVIDIA driver's library with one GPU that one process (EYELINE_TEST_PID) uses, for machines without a GPU.
 * Only what a scan asks; the shapes are those of nvml.h. */
#include <stdlib.h>
#include <string.h>

typedef struct { unsigned version; unsigned long long total, reserved, free, used; } Memory;
typedef struct { unsigned gpu, memory; } Utilization;
typedef struct { char legacy[16]; unsigned domain, bus, device, id, subsystem; char address[32]; } Pci;
typedef struct { unsigned pid; unsigned long long memory; unsigned gpu_instance, compute_instance; } Process;
typedef struct { unsigned pid; unsigned long long time; unsigned sm, memory, encoder, decoder; } Sample;

enum { SUCCESS = 0, INSUFFICIENT_SIZE = 7 };

static unsigned user(void) { const char *pid = getenv("EYELINE_TEST_PID"); return pid ? (unsigned)atoi(pid) : 1; }

int nvmlInit_v2(void) { return SUCCESS; }
int nvmlShutdown(void) { return SUCCESS; }
int nvmlSystemGetDriverVersion(char *text, unsigned length) { strncpy(text, "580.95.05", length); return SUCCESS; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 1; return SUCCESS; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) { *device = (void *)(size_t)(index + 1); return SUCCESS; }
int nvmlDeviceGetName(void *device, char *text, unsigned length) { (void)device; strncpy(text, "NVIDIA H200", length); return SUCCESS; }

int nvmlDeviceGetMemoryInfo_v2(void *device, Memory *memory) {
    (void)device;
    memory->total = 150754820096ull; memory->reserved = 0; memory->used = 1073741824ull;
    memory->free = memory->total - memory->used;
    return SUCCESS;
}

int nvmlDeviceGetUtilizationRates(void *device, Utilization *rates) { (void)device; rates->gpu = 42; rates->memory = 7; return SUCCESS; }

int nvmlDeviceGetPciInfo_v3(void *device, Pci *pci) {
    (void)device;
    memset(pci, 0, sizeof *pci);
    pci->bus = 0x0A;
    strcpy(pci->address, "00000000:0A:00.0");
    return SUCCESS;
}

static int list(unsigned have, unsigned *count, Process *processes) {
    unsigned room = *count;
    *count = have;
    if (have == 0) return SUCCESS;
    if (room < have || !processes) return INSUFFICIENT_SIZE;
    processes[0] = (Process){ user(), 536870912ull, 0xFFFFFFFFu, 0xFFFFFFFFu };
    return SUCCESS;
}

int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned *count, Process *processes) { (void)device; return list(1, count, processes); }
int nvmlDeviceGetGraphicsRunningProcesses_v3(void *device, unsigned *count, Process *processes) { (void)device; return list(0, count, processes); }

int nvmlDeviceGetProcessUtilization(void *device, Sample *samples, unsigned *count, unsigned long long since) {
    (void)device; (void)since;
    unsigned room = *count;
    *count = 1;
    if (!samples || room < 1) return INSUFFICIENT_SIZE;
    samples[0] = (Sample){ user(), 1, 38, 5, 0, 0 };
    return SUCCESS;
}
