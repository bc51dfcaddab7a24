import v8 from 'node:v8'
import vm from 'node:vm'
import type { NodeId } from '@chaosproxy/faults'
import { MachineError } from '@chaosproxy/protocols'

/** The largest fraction of a thread's heap in use. Beyond it, V8 may end the thread, and the process with it. */
const MOST_OF_HEAP = 0.65
/** The largest growth of the heap during one run. All threads together must fit into the machine's memory. */
const MOST_GROWTH_BYTES = 540 * 2 ** 20
/** The limit for the memory of buffers. V8 does not limit it, because buffers are outside the heap. */
const MOST_BUFFER_BYTES = 2 ** 29
/** The growth of memory between two collections. A collection takes about a second for each gigabyte. */
const BETWEEN_COLLECTIONS_BYTES = 32 * 2 ** 20
/** The number of events between two checks. A check takes half a microsecond, too long for every event. */
const LOOK_EVERY = 8
/** Above this fraction of the limit, memory is checked after every event. */
const MUCH = 0.6

export interface MemoryTaken {
  readonly heapBytes: number
  readonly heapLimitBytes: number
  readonly bufferBytes: number
}

export function takenNow(): MemoryTaken {
  const { used_heap_size, heap_size_limit, external_memory } = v8.getHeapStatistics()
  return { heapBytes: used_heap_size, heapLimitBytes: heap_size_limit, bufferBytes: external_memory }
}

/**
 * Returns a function that checks the memory in use. It must be called after each event, with the node of the last turn.
 * Memory that garbage collection can free does not count.
 *
 * @throws MachineError once the programs of a run have taken nearly all memory.
 */
export function watchMemory(
  taken: () => MemoryTaken = takenNow,
  collect: () => void = collectGarbage,
): (node: NodeId | undefined) => void {
  const { heapBytes: heapBefore, heapLimitBytes, bufferBytes: buffersBefore } = taken()
  const mostHeapBytes = Math.min(MOST_OF_HEAP * heapLimitBytes, heapBefore + MOST_GROWTH_BYTES)
  const most: Amount = { heapBytes: mostHeapBytes, buffers: MOST_BUFFER_BYTES }
  const amountNow = (): Amount => {
    const { heapBytes, bufferBytes } = taken()
    return { heapBytes, buffers: bufferBytes - buffersBefore }
  }
  /**
   * If memory grows beyond this amount, garbage is collected. Near the limit, the amount is raised after each
   * collection, so that not every turn collects.
   */
  let untilCollected = most
  let left = LOOK_EVERY
  return (node) => {
    left--
    if (left > 0) return
    const now = amountNow()
    left = isWithin(now, { heapBytes: MUCH * most.heapBytes, buffers: MUCH * most.buffers }) ? LOOK_EVERY : 1
    if (isWithin(now, untilCollected)) return
    collect()
    const kept = amountNow()
    if (!isWithin(kept, most)) throw tooMuch(node, kept)
    untilCollected = {
      heapBytes: Math.max(most.heapBytes, kept.heapBytes + BETWEEN_COLLECTIONS_BYTES),
      buffers: Math.max(most.buffers, kept.buffers + BETWEEN_COLLECTIONS_BYTES),
    }
  }
}

interface Amount {
  readonly heapBytes: number
  readonly buffers: number
}

const isWithin = (amount: Amount, most: Amount): boolean =>
  amount.heapBytes <= most.heapBytes && amount.buffers <= most.buffers

const tooMuch = (node: NodeId | undefined, { heapBytes, buffers }: Amount): MachineError =>
  new MachineError({
    node: node ?? 'a node',
    did: 'takes more memory than there is',
    detail: `${megabytes(heapBytes)} of objects and ${megabytes(buffers)} of buffers are still in use after an event. Look for a list or a cache that grows and is never emptied`,
    exhausts: true,
  })

let collecting: (() => void) | undefined

/** Collects garbage. V8 provides the function only in a context that is created while a flag is set. */
function collectGarbage(): void {
  // All threads share this flag of V8. An attempt fails if another thread resets the flag before the context is
  // created.
  for (let tries = 0; collecting === undefined && tries < MOST_TRIES; tries++) {
    v8.setFlagsFromString('--expose-gc')
    collecting = vm.runInNewContext('globalThis.gc') as typeof collecting
    v8.setFlagsFromString('--no-expose-gc')
  }
  if (collecting === undefined) throw new Error('V8 does not expose its garbage collector')
  collecting()
}

const MOST_TRIES = 100

const megabytes = (bytes: number): string => `${Math.round(Math.max(0, bytes) / 2 ** 20)} MB`
