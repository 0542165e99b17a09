// Threads that spin for a moment and then park. Only where there are POSIX threads.
#include "kernels.h"

#if defined(__linux__) || defined(__APPLE__)
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct pare_pool {
  pthread_mutex_t mutex;
  pthread_cond_t work;
  size_t helpers;
  pthread_t *handles;
  // Written by the caller before `generation` rises, read by helpers after.
  void (*body)(void *context, size_t part);
  void *context;
  size_t parts;
  int ending;
  _Alignas(64) atomic_size_t next;
  _Alignas(64) atomic_uint generation;
  _Alignas(64) atomic_size_t busy;
};

enum { spins = 4000 };

static inline void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static void take_parts(struct pare_pool *pool) {
  const size_t parts = pool->parts;
  for (size_t part; (part = atomic_fetch_add(&pool->next, 1)) < parts;)
    pool->body(pool->context, part);
}

static void *help(void *argument) {
  struct pare_pool *pool = argument;
  unsigned seen = 0;
  for (;;) {
    for (int i = 0; i < spins && atomic_load(&pool->generation) == seen; i++) pause_briefly();
    if (atomic_load(&pool->generation) == seen) {
      pthread_mutex_lock(&pool->mutex);
      while (atomic_load(&pool->generation) == seen)
        pthread_cond_wait(&pool->work, &pool->mutex);
      pthread_mutex_unlock(&pool->mutex);
    }
    seen++;
    if (pool->ending) return NULL;
    take_parts(pool);
    atomic_fetch_sub(&pool->busy, 1);
  }
}

static void announce(struct pare_pool *pool) {
  pthread_mutex_lock(&pool->mutex);
  atomic_fetch_add(&pool->generation, 1);
  pthread_cond_broadcast(&pool->work);
  pthread_mutex_unlock(&pool->mutex);
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
  pool->ending = 1;
  announce(pool);
  for (size_t i = 0; i < pool->helpers; i++) pthread_join(pool->handles[i], NULL);
  pthread_cond_destroy(&pool->work);
  pthread_mutex_destroy(&pool->mutex);
  free(pool->handles);
  free(pool);
}

void pare_pool_run(
    struct pare_pool *pool, size_t parts, void (*body)(void *context, size_t part), void *context) {
  pool->body = body;
  pool->context = context;
  pool->parts = parts;
  atomic_store(&pool->next, 0);
  atomic_store(&pool->busy, pool->helpers);
  announce(pool);
  take_parts(pool);
  while (atomic_load(&pool->busy)) pause_briefly();
}
#else
struct pare_pool *pare_pool_create(size_t threads) { return NULL; }
void pare_pool_destroy(struct pare_pool *pool) {}
void pare_pool_run(
    struct pare_pool *pool, size_t parts, void (*body)(void *context, size_t part), void *context) {
  for (size_t part = 0; part < parts; part++) body(context, part);
}
#endif
