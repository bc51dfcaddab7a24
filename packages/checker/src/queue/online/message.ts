/** A value as a table key: numbers are themselves, all others their canonical text. */
export type MessageName = number | string

/** A message, from the call of its enqueue until a dequeue has returned it. */
export interface Message {
  readonly name: MessageName
  /** Position of the call of its enqueue. */
  readonly call: number
  /** When it was certainly in: the return of its enqueue. Infinite until then, and if the outcome is unknown. */
  acknowledged: number
  /** By when a dequeue that took it was certainly called. Infinite if it may stay. */
  deadline: number
  /** Whether it came out, or was certainly never in. */
  isGone: boolean
}

export const createMessage = (name: MessageName, call: number, acknowledged = Number.POSITIVE_INFINITY): Message => ({
  name,
  call,
  acknowledged,
  deadline: Number.POSITIVE_INFINITY,
  isGone: false,
})

/** Messages that are certainly in, by when that was certain. Gone ones are skipped, and cleared away now and then. */
export interface Waiting {
  push(message: Message): void
  /** Of those that are still in, the one that was in first. */
  first(): Message | undefined
  shift(): void
  /** Those that were in before this moment. */
  before(moment: number): readonly Message[]
  /** One of these is gone. */
  left(): void
  size(): number
}

export function createWaiting(): Waiting {
  let list: Message[] = []
  let head = 0
  let gone = 0
  const skip = (): void => {
    while (head < list.length && list[head].isGone) {
      head++
      gone--
    }
  }
  const clear = (): void => {
    if (head + gone < 32 || 2 * (head + gone) < list.length) return
    list = list.slice(head).filter(({ isGone }) => !isGone)
    head = 0
    gone = 0
  }
  return {
    push(message) {
      list.push(message)
    },
    first() {
      skip()
      return list[head]
    },
    shift() {
      skip()
      head++
      clear()
    },
    before(moment) {
      const found: Message[] = []
      for (let i = head; i < list.length && list[i].acknowledged < moment; i++) {
        if (!list[i].isGone) found.push(list[i])
      }
      return found
    },
    left() {
      gone++
      skip()
      clear()
    },
    size: () => list.length - head - gone,
  }
}
