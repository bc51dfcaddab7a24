import v8 from 'node:v8'
import type { NodeId } from '@chaosproxy/faults'
import { MachineError } from '@chaosproxy/protocols'

/** Beyond this share of its heap a thread may be ended by V8 in the middle of a turn, and the process with it. */
const MOST_OF_HEAP = 0.65
/** During one run: threads of all cores must fit into the memory of a machine. */
const MOST_GROWTH_BYTES = 540 * 2 ** 20
/** Of buffers, which are no part of the heap and have no limit of their own. */
const MOST_BUFFER_BYTES = 2 ** 29
/** A look costs half a microsecond, so that most events do without. */
const LOOK_EVERY = 8
/** From here on, every event is followed by a look. */
const MUCH = 0.6

/** What of this thread's memory is taken, and what it may be. */
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
 * To be called after each event, with the node whose turn was last.
 *
 * @throws MachineError once the programs of a run have taken nearly all memory.
 */
export function watchMemory(taken: () => MemoryTaken = takenNow): (node: NodeId | undefined) => void {
  const { heapBytes: heapBefore, heapLimitBytes, bufferBytes: buffersBefore } = taken()
  const mostHeapBytes = Math.min(MOST_OF_HEAP * heapLimitBytes, heapBefore + MOST_GROWTH_BYTES)
  let left = LOOK_EVERY
  return (node) => {
    left--
    if (left > 0) return
    const { heapBytes, bufferBytes } = taken()
    const buffers = bufferBytes - buffersBefore
    left = heapBytes > MUCH * mostHeapBytes || buffers > MUCH * MOST_BUFFER_BYTES ? 1 : LOOK_EVERY
    if (heapBytes <= mostHeapBytes && buffers <= MOST_BUFFER_BYTES) return
    throw new MachineError({
      node: node ?? 'a node',
      did: 'takes more memory than there is',
      detail: `${megabytes(heapBytes)} of objects and ${megabytes(buffers)} of buffers after one of its turns. Look for a list or a cache that grows and is never emptied`,
      exhausts: true,
    })
  }
}

const megabytes = (bytes: number): string => `${Math.round(Math.max(0, bytes) / 2 ** 20)} MB`
