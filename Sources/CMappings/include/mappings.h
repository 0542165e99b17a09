#pragma once
#include <stddef.h>
#include <stdint.h>

// Mapped files that lose their content: a page that lies behind the end of a file that was cut, or that
// the disk no longer gives, raises SIGBUS when it is read. A handler puts pages of zeros in its place and
// notes the loss, so that whoever reads can say what happened.

/// One mapping; it is never freed, but used again.
typedef struct pare_mapping pare_mapping;

/// Makes `length` bytes at `base`, whole pages, known to the handler; NULL where there is no memory.
pare_mapping *pare_mapping_add(const void *base, size_t length);

/// Makes them unknown again; call it before they are unmapped.
void pare_mapping_remove(pare_mapping *mapping);

/// Whether something of the mapping was lost.
int pare_mapping_is_lost(const pare_mapping *mapping);

/// How many times something was lost since the process began.
uint64_t pare_mapping_losses(void);

/// Installs the handler of SIGBUS, once. Signals that concern no mapping go to the handler before it.
/// Returns 0, or -1 with errno.
int pare_mapping_guard(void);
