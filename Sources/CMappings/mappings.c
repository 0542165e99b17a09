// MAP_ANONYMOUS and sigaction.
#define _GNU_SOURCE
#include "mappings.h"
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

// A list that only grows at its head: the handler may walk it at any time, without a lock.
struct pare_mapping {
  // Zero where nobody uses it; one while somebody takes it.
  _Atomic uintptr_t begin;
  // Zero until the rest is known.
  _Atomic uintptr_t end;
  atomic_int lost;
  pare_mapping *next;
};

static _Atomic(pare_mapping *) mappings;
static _Atomic uint64_t losses;
static struct sigaction before;
static uintptr_t page_size;

pare_mapping *pare_mapping_add(const void *base, size_t length) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t end = ((uintptr_t)base + length + page - 1) / page * page;
  pare_mapping *mapping = atomic_load(&mappings);
  for (; mapping; mapping = mapping->next) {
    uintptr_t unused = 0;
    if (atomic_compare_exchange_strong(&mapping->begin, &unused, 1)) break;
  }
  if (!mapping) {
    mapping = calloc(1, sizeof *mapping);
    if (!mapping) return NULL;
    atomic_store(&mapping->begin, 1);
    mapping->next = atomic_load(&mappings);
    while (!atomic_compare_exchange_weak(&mappings, &mapping->next, mapping)) {
    }
  }
  atomic_store(&mapping->lost, 0);
  atomic_store(&mapping->begin, (uintptr_t)base);
  atomic_store(&mapping->end, end);
  return mapping;
}

void pare_mapping_remove(pare_mapping *mapping) {
  if (!mapping) return;
  atomic_store(&mapping->end, 0);
  atomic_store(&mapping->begin, 0);
}

int pare_mapping_is_lost(const pare_mapping *mapping) {
  return mapping && atomic_load_explicit(&mapping->lost, memory_order_relaxed);
}

uint64_t pare_mapping_losses(void) { return atomic_load(&losses); }

// Whether pages of zeros now lie where `address` was lost. Behind the first page that a file lacks it
// lacks all others: they are replaced together, so that there is one signal and not one for each page.
static int replace(uintptr_t address) {
  for (pare_mapping *mapping = atomic_load(&mappings); mapping; mapping = mapping->next) {
    uintptr_t end = atomic_load(&mapping->end);
    if (address < atomic_load(&mapping->begin) || address >= end) continue;
    // Not one that was given up and taken again between the two.
    if (atomic_load(&mapping->end) != end) continue;
    uintptr_t first = address / page_size * page_size;
    void *zeros = mmap((void *)first, end - first, PROT_READ,
                       MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (zeros == MAP_FAILED) return 0;
    atomic_store(&mapping->lost, 1);
    atomic_fetch_add(&losses, 1);
    return 1;
  }
  return 0;
}

static void handle(int number, siginfo_t *info, void *context) {
  int saved = errno;
  // Somebody may send the signal: then there is no address.
  if (info->si_code > 0 && replace((uintptr_t)info->si_addr)) {
    errno = saved;
    return;
  }
  errno = saved;
  if (before.sa_flags & SA_SIGINFO) {
    before.sa_sigaction(number, info, context);
  } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
    before.sa_handler(number);
  } else {
    // What nobody handles ends the process: the read is done again, or the signal is sent again.
    signal(number, SIG_DFL);
    if (info->si_code <= 0) raise(number);
  }
}

int pare_mapping_guard(void) {
  static atomic_flag is_installed = ATOMIC_FLAG_INIT;
  if (atomic_flag_test_and_set(&is_installed)) return 0;
  page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
  struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigemptyset(&action.sa_mask);
  // Known before the handler can run.
  if (sigaction(SIGBUS, NULL, &before) != 0 || sigaction(SIGBUS, &action, NULL) != 0) {
    atomic_flag_clear(&is_installed);
    return -1;
  }
  return 0;
}
