// Threads that spin for a moment and then park. Only where there are POSIX threads.
#include "kernels.h"

#if defined(__linux__) || defined(__APPLE__)
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

/// Neighbouring parts of a run, which one thread takes from the front and others, once theirs are
/// done, from the end: so that a thread meets again what it wrote in the run before.
struct queue {
  // The number of the run (24 bits), the end of the parts (20), and the next (20).
  _Alignas(64) atomic_uint_fast64_t state;
};

/// A thread that waits, and its queue. The caller's is the first queue.
struct helper {
  struct pare_pool *pool;
  size_t queue;
  pthread_t handle;
};

struct pare_pool {
  pthread_mutex_t mutex;
  pthread_cond_t work;
  size_t helpers;
  struct helper *threads;
  struct queue *queues;
  // Written by the caller before queues; read by whoever has taken a part of that run.
  void (*body)(void *context, size_t thread, size_t part);
  void *context;
  atomic_int ending;
  // The number of the run, as in queues.
  _Alignas(64) atomic_uint_fast64_t run;
  // Parts that have ended, and helpers that sleep.
  _Alignas(64) atomic_size_t ended;
  _Alignas(64) atomic_size_t sleeping;
};

// Some tens of microseconds without a pause, then a millisecond or two that others may interrupt: to
// wake a thread may cost half a millisecond, where the processor itself went to sleep.
enum { spins = 2000, yields = 2000, most_parts = (1 << 20) - 1 };

static inline uint64_t run_of(uint64_t state) { return state >> 40; }
static inline uint64_t current_run(struct pare_pool *pool) { return atomic_load(&pool->run); }

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

/// Takes parts of run `run` from a queue until none is left. A helper that comes late finds another run,
/// or no part, and touches nothing: so that nobody has to wait for it.
static void empty(struct pare_pool *pool, size_t mine, size_t from, uint64_t run) {
  struct queue *queue = &pool->queues[from];
  uint64_t state = atomic_load(&queue->state);
  for (;;) {
    const uint64_t end = state >> 20 & most_parts, next = state & most_parts;
    if (run_of(state) != run || next >= end) return;
    const uint64_t left = mine == from ? state + 1 : state - (1 << 20);
    if (!atomic_compare_exchange_weak(&queue->state, &state, left)) continue;
    pool->body(pool->context, mine, mine == from ? next : end - 1);
    atomic_fetch_add(&pool->ended, 1);
    state = atomic_load(&queue->state);
  }
}

static void take_parts(struct pare_pool *pool, size_t mine, uint64_t run) {
  const size_t queues = pool->helpers + 1;
  for (size_t i = 0; i < queues; i++) empty(pool, mine, (mine + i) % queues, run);
}

static void *help(void *argument) {
  const struct helper *me = argument;
  struct pare_pool *pool = me->pool;
  uint64_t seen = 0;
  for (;;) {
    for (int i = 0; i < spins + yields && current_run(pool) == seen; i++)
      wait_turn(i);
    if (current_run(pool) == seen) {
      pthread_mutex_lock(&pool->mutex);
      atomic_fetch_add(&pool->sleeping, 1);
      while (current_run(pool) == seen)
        pthread_cond_wait(&pool->work, &pool->mutex);
      atomic_fetch_sub(&pool->sleeping, 1);
      pthread_mutex_unlock(&pool->mutex);
    }
    // The run first: it is announced after `ending` is set, so that the last one is never waited behind.
    seen = current_run(pool);
    if (atomic_load(&pool->ending)) return NULL;
    take_parts(pool, me->queue, seen);
  }
}

/// Starts the next run, and wakes whoever sleeps.
static uint64_t announce(struct pare_pool *pool, size_t parts) {
  const uint64_t run = (current_run(pool) + 1) & 0xFFFFFF;
  const size_t queues = pool->helpers + 1;
  for (size_t i = 0; i < queues; i++) {
    const uint64_t first = i * parts / queues, end = (i + 1) * parts / queues;
    atomic_store(&pool->queues[i].state, run << 40 | end << 20 | first);
  }
  atomic_store(&pool->run, run);
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
  *pool = (struct pare_pool){.helpers = threads - 1};
  pool->threads = calloc(threads - 1, sizeof *pool->threads);
  pool->queues = aligned_alloc(64, threads * sizeof *pool->queues);
  if (!pool->threads || !pool->queues) {
    free(pool->threads);
    free(pool->queues);
    free(pool);
    return NULL;
  }
  pthread_mutex_init(&pool->mutex, NULL);
  pthread_cond_init(&pool->work, NULL);
  for (size_t i = 0; i < threads; i++) atomic_init(&pool->queues[i].state, 0);
  // Queues are as many as was asked for: parts of a thread that could not be had are taken by others.
  for (size_t i = 0; i < pool->helpers; i++) {
    pool->threads[i] = (struct helper){.pool = pool, .queue = i + 1};
    if (pthread_create(&pool->threads[i].handle, NULL, help, &pool->threads[i]) != 0)
      pool->threads[i].pool = NULL;
  }
  return pool;
}

void pare_pool_destroy(struct pare_pool *pool) {
  atomic_store(&pool->ending, 1);
  announce(pool, 0);
  for (size_t i = 0; i < pool->helpers; i++)
    if (pool->threads[i].pool) pthread_join(pool->threads[i].handle, NULL);
  pthread_cond_destroy(&pool->work);
  pthread_mutex_destroy(&pool->mutex);
  free(pool->threads);
  free(pool->queues);
  free(pool);
}

void pare_pool_run(
    struct pare_pool *pool, size_t parts, void (*body)(void *context, size_t thread, size_t part),
    void *context) {
  if (parts > most_parts) {
    for (size_t part = 0; part < parts; part++) body(context, 0, part);
    return;
  }
  pool->body = body;
  pool->context = context;
  atomic_store(&pool->ended, 0);
  take_parts(pool, 0, announce(pool, parts));
  for (int i = 0; atomic_load(&pool->ended) < parts; i += i < spins) wait_turn(i);
}
#else
struct pare_pool *pare_pool_create(size_t threads) { return NULL; }
void pare_pool_destroy(struct pare_pool *pool) {}
void pare_pool_run(
    struct pare_pool *pool, size_t parts, void (*body)(void *context, size_t thread, size_t part),
    void *context) {
  for (size_t part = 0; part < parts; part++) body(context, 0, part);
}
#endif
