/** A message's life from the call of its enqueue to the return of its dequeue, in event positions. */
export interface Life {
  /** The enqueue and the dequeue; -1 if the message was initial, or was never dequeued. */
  readonly enqueue: number
  readonly dequeue: number
  /** The enqueue takes effect in [enqueueFrom, enqueued], the dequeue in [dequeueFrom, dequeued]. */
  readonly enqueueFrom: number
  readonly enqueued: number
  readonly dequeueFrom: number
  readonly dequeued: number
}
