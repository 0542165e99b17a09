// Threads that spin for a moment and then park. Only where there are POSIX threads.
#include "kernels.h"

#if defined(__linux__) || defined(__APPLE__)
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

struct pare_pool {
  pthread_mutex_t mutex;
  pthread_cond_t work;
  size_t helpers;
  pthread_t *handles;
  // Written by the caller before `state`; read by whoever has taken a part of that run.
  void (*body)(void *context, size_t part);
  void *context;
  atomic_int ending;
  // The number of the run (24 bits), its parts (20), and the next part to take (20).
  _Alignas(64) atomic_uint_fast64_t state;
  // Parts that have ended, and helpers that sleep.
  _Alignas(64) atomic_size_t ended;
  _Alignas(64) atomic_size_t sleeping;
};

enum { spins = 2000, yields = 100, most_parts = (1 << 20) - 1 };

static inline uint64_t run_of(uint64_t state) { return state >> 40; }

static inline void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/// Waits a moment, the `turn`th time: after `spins` turns it lets others have the processor, so that two
/// threads which the system put on one processor do not hold each other up.
static inline void wait_turn(int turn) {
  if (turn < spins) {
    pause_briefly();
    return;
  }
  sched_yield();
  for (int i = 0; i < 20; i++) pause_briefly();
}

/// Takes parts of run `run` until none is left. A helper that comes late finds another run, or no part,
/// and touches nothing: so that nobody has to wait for it.
static void take_parts(struct pare_pool *pool, uint64_t run) {
  uint64_t state = atomic_load(&pool->state);
  for (;;) {
    const uint64_t parts = state >> 20 & most_parts, next = state & most_parts;
    if (run_of(state) != run || next >= parts) return;
    if (!atomic_compare_exchange_weak(&pool->state, &state, state + 1)) continue;
    pool->body(pool->context, next);
    atomic_fetch_add(&pool->ended, 1);
    state = atomic_load(&pool->state);
  }
}

static void *help(void *argument) {
  struct pare_pool *pool = argument;
  uint64_t seen = 0;
  for (;;) {
    for (int i = 0; i < spins + yields && run_of(atomic_load(&pool->state)) == seen; i++)
      wait_turn(i);
    if (run_of(atomic_load(&pool->state)) == seen) {
      pthread_mutex_lock(&pool->mutex);
      atomic_fetch_add(&pool->sleeping, 1);
      while (run_of(atomic_load(&pool->state)) == seen)
        pthread_cond_wait(&pool->work, &pool->mutex);
      atomic_fetch_sub(&pool->sleeping, 1);
      pthread_mutex_unlock(&pool->mutex);
    }
    // The run first: it is announced after `ending` is set, so that the last one is never waited behind.
    seen = run_of(atomic_load(&pool->state));
    if (atomic_load(&pool->ending)) return NULL;
    take_parts(pool, seen);
  }
}

/// Starts the next run, and wakes whoever sleeps.
static uint64_t announce(struct pare_pool *pool, size_t parts) {
  const uint64_t run = (run_of(atomic_load(&pool->state)) + 1) & 0xFFFFFF;
  atomic_store(&pool->state, run << 40 | (uint64_t)parts << 20);
  if (atomic_load(&pool->sleeping)) {
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
  }
  return run;
}

struct pare_pool *pare_pool_create(size_t threads) {
  if (threads < 2) return NULL;
  struct pare_pool *pool = aligned_alloc(64, sizeof *pool);
  if (!pool) return NULL;
  *pool = (struct pare_pool){.helpers = 0};
  pool->handles = calloc(threads - 1, sizeof *pool->handles);
  pthread_mutex_init(&pool->mutex, NULL);
  pthread_cond_init(&pool->work, NULL);
  while (pool->handles && pool->helpers < threads - 1 &&
         pthread_create(&pool->handles[pool->helpers], NULL, help, pool) == 0)
    pool->helpers++;
  return pool;
}

void pare_pool_destroy(struct pare_pool *pool) {
  atomic_store(&pool->ending, 1);
  announce(pool, 0);
  for (size_t i = 0; i < pool->helpers; i++) pthread_join(pool->handles[i], NULL);
  pthread_cond_destroy(&pool->work);
  pthread_mutex_destroy(&pool->mutex);
  free(pool->handles);
  free(pool);
}

void pare_pool_run(
    struct pare_pool *pool, size_t parts, void (*body)(void *context, size_t part), void *context) {
  if (parts > most_parts) {
    for (size_t part = 0; part < parts; part++) body(context, part);
    return;
  }
  pool->body = body;
  pool->context = context;
  atomic_store(&pool->ended, 0);
  take_parts(pool, announce(pool, parts));
  for (int i = 0; atomic_load(&pool->ended) < parts; i += i < spins) wait_turn(i);
}
#else
struct pare_pool *pare_pool_create(size_t threads) { return NULL; }
void pare_pool_destroy(struct pare_pool *pool) {}
void pare_pool_run(
    struct pare_pool *pool, size_t parts, void (*body)(void *context, size_t part), void *context) {
  for (size_t part = 0; part < parts; part++) body(context, part);
}
#endif
