import { meets, type Next, type Placed, queueLimitBytes } from '../delivery/plan.ts'
import type { Content } from '../delivery/stage.ts'
import { ChunkQueue, type Waiting } from './chunk-queue.ts'

const NO_STAGES: readonly Placed[] = []
const PLAIN_LIMIT_BYTES = queueLimitBytes(NO_STAGES)

/** The bytes that wait in one direction of a connection under its faults. */
export class Backlog {
  readonly queue: ChunkQueue = new ChunkQueue()
  #stages: readonly Placed[] = NO_STAGES
  #limitBytes = PLAIN_LIMIT_BYTES

  get stages(): readonly Placed[] {
    return this.#stages
  }

  get isFull(): boolean {
    return this.queue.memoryBytes >= this.#limitBytes
  }

  /** Replaces the stages, and returns the removed ones. For each added stage, waiting entries count as new arrivals. */
  setStages(stages: readonly Placed[], positionBytes: number): readonly Placed[] {
    const removed = this.#stages.filter((placed) => !stages.includes(placed))
    const added = stages.filter((placed) => !this.#stages.includes(placed))
    this.#stages = stages
    this.#limitBytes = queueLimitBytes(stages)
    let atBytes = positionBytes
    for (const { content, offset } of added.length === 0 ? [] : this.queue) {
      const sizeBytes = sizeOf(content) - offset
      countArrival(added, content, sizeBytes, atBytes)
      atBytes += sizeBytes
    }
    return removed
  }

  /** Queues an arrival. `positionBytes` is the stream position of the queue's head. */
  push(content: Waiting['content'], positionBytes: number, nowMs: number): void {
    if (this.#stages.length > 0) countArrival(this.#stages, content, sizeOf(content), positionBytes + this.queue.bytes)
    this.queue.push(content, nowMs)
  }

  next(positionBytes: number): Next | undefined {
    const head = this.queue.head()
    if (head === undefined) return undefined
    const { content, offset } = head
    return { chunk: head, content: kindOf(content), sizeBytes: sizeOf(content) - offset, positionBytes }
  }
}

function countArrival(
  stages: readonly Placed[],
  content: Waiting['content'],
  sizeBytes: number,
  positionBytes: number,
): void {
  for (const placed of stages) if (meets(placed, kindOf(content), sizeBytes, positionBytes)) placed.hit()
}

const sizeOf = (content: Waiting['content']): number => (typeof content === 'string' ? 0 : content.length)
const kindOf = (content: Waiting['content']): Content => (typeof content === 'string' ? content : 'bytes')
