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
  // Parts that the queue's thread has ended since the pool was made.
  atomic_uint_fast64_t ended;
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
  // Parts of all runs so far; the caller's.
  uint64_t expected;
  // What a helper needs of a run lies in one line, whose number is written last: processors that do not
  // share a cache take as long for each line as for some hundreds of products.
  _Alignas(64) atomic_uint_fast64_t run;
  atomic_size_t parts;
  void (*body)(void *context, size_t thread, size_t part);
  void *context;
  atomic_int ending;
  // Helpers that sleep.
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

/// The parts of queue `index` in a run, as the state of its queue.
static inline uint64_t begun(const struct pare_pool *pool, size_t index, uint64_t run, size_t parts) {
  const size_t queues = pool->helpers + 1;
  return run << 40 | (uint64_t)((index + 1) * parts / queues) << 20 | index * parts / queues;
}

/// Takes parts of run `run`, which has `parts`, from queue `index` until none is left; `mine` is the
/// thread's own queue.
///
/// Whoever comes first to a queue begins it: its line stays with its thread. A helper that comes late
/// finds the queue in this run or a later one, for no run ends before all its queues are empty, and
/// touches nothing: so that nobody has to wait for it.
static void empty(struct pare_pool *pool, size_t index, size_t mine, uint64_t run, size_t parts) {
  struct queue *queue = &pool->queues[index], *own = &pool->queues[mine];
  uint64_t state = atomic_load(&queue->state);
  for (;;) {
    uint64_t now = state;
    if (run_of(state) == ((run - 1) & 0xFFFFFF)) now = begun(pool, index, run, parts);
    const uint64_t end = now >> 20 & most_parts, next = now & most_parts;
    if (run_of(now) != run || (next >= end && now == state)) return;
    // A queue without parts is begun too: the next run looks for this one's number.
    const uint64_t left = next >= end ? now : index == mine ? now + 1 : now - (1 << 20);
    if (!atomic_compare_exchange_weak(&queue->state, &state, left)) continue;
    if (next >= end) return;
    pool->body(pool->context, mine, index == mine ? next : end - 1);
    atomic_store_explicit(
        &own->ended, atomic_load_explicit(&own->ended, memory_order_relaxed) + 1,
        memory_order_release);
    state = atomic_load(&queue->state);
  }
}

static void take_parts(struct pare_pool *pool, size_t mine, uint64_t run, size_t parts) {
  const size_t queues = pool->helpers + 1;
  for (size_t i = 0; i < queues; i++) empty(pool, (mine + i) % queues, mine, run, parts);
}

/// Whether all parts of all runs so far have ended.
static int has_ended(struct pare_pool *pool) {
  uint64_t ended = 0;
  for (size_t i = 0; i <= pool->helpers; i++)
    ended += atomic_load_explicit(&pool->queues[i].ended, memory_order_acquire);
  return ended == pool->expected;
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
    take_parts(pool, me->queue, seen, atomic_load(&pool->parts));
  }
}

/// Starts the next run, and wakes whoever sleeps.
static uint64_t announce(struct pare_pool *pool, size_t parts) {
  const uint64_t run = (current_run(pool) + 1) & 0xFFFFFF;
  pool->expected += parts;
  atomic_store(&pool->parts, parts);
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
  for (size_t i = 0; i < threads; i++) {
    atomic_init(&pool->queues[i].state, 0);
    atomic_init(&pool->queues[i].ended, 0);
  }
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
  take_parts(pool, 0, announce(pool, parts), parts);
  for (int i = 0; !has_ended(pool); i += i < spins) wait_turn(i);
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
