import type { ProxyClock } from '../link/clock.ts'
import type { Tape } from '../tape/tape.ts'
import { chain } from './chain.ts'
import type { Conversation, Intercept, Stage } from './interceptor.ts'

export interface TapedLinks {
  readonly forward: Tape | undefined
  readonly backward: Tape | undefined
  readonly clock: ProxyClock
}

/** Returns the stream number of a connection's requests. The stream number of its responses is one higher. */
const streamOf = (connection: number): number => connection * 2

/** Puts an interceptor in front of `inner`. It records the traffic of each link on the link's tape. */
export function taped({ forward, backward, clock }: TapedLinks, inner: Intercept | undefined): Intercept | undefined {
  if (forward === undefined && backward === undefined) return inner
  const intercept: Intercept = (conversation) => tapeConversation(conversation, { forward, backward, clock })
  return inner === undefined ? intercept : chain(intercept, inner)
}

function tapeConversation(
  { id, requests, responses, dial }: Conversation,
  { forward, backward, clock }: TapedLinks,
): ReturnType<Intercept> {
  const tape = forward === undefined ? undefined : new StreamTape(forward, streamOf(id), clock)
  const answered = backward === undefined ? undefined : new StreamTape(backward, streamOf(id) + 1, clock)
  // Dial now, because either side may send first.
  dial()
  return {
    requests: stageOn(tape, requests),
    responses: stageOn(answered, responses),
    disturbed() {
      tape?.note('disturbed')
      answered?.note('disturbed')
    },
    closed() {
      tape?.note('closed')
      answered?.note('closed')
    },
  }
}

const stageOn = (tape: StreamTape | undefined, exit: Conversation['requests']): Stage => ({
  receive(bytes) {
    tape?.receive(bytes)
    const isFree = exit.pass(bytes)
    tape?.passed(exit.congested)
    return isFree
  },
  end() {
    tape?.note('finished')
    exit.end()
  },
  reset: () => exit.reset(),
  delivered: (totalBytes) => tape?.delivered(totalBytes),
  altered: () => tape?.note('disturbed'),
})

/** One direction of one connection on its link's tape. */
class StreamTape {
  readonly #tape: Tape
  readonly #stream: number
  readonly #clock: ProxyClock
  #receivedBytes = 0
  #deliveredBytes = 0
  /** The arrival time of the bytes that are being passed on. */
  #receivedAtMs: number | undefined

  constructor(tape: Tape, stream: number, clock: ProxyClock) {
    this.#tape = tape
    this.#stream = stream
    this.#clock = clock
    this.note('opened')
  }

  receive(bytes: Buffer): void {
    this.#receivedAtMs = this.#clock.nowMs()
    this.#tape.received(this.#stream, this.#receivedAtMs, this.#receivedBytes, bytes)
    this.#receivedBytes += bytes.length
  }

  passed(congested: boolean): void {
    this.#receivedAtMs = undefined
    if (congested) this.note('unread')
  }

  delivered(totalBytes: number): void {
    // This method is also called when no further bytes were delivered.
    if (totalBytes === this.#deliveredBytes) return
    this.#deliveredBytes = totalBytes
    this.#tape.delivered(this.#stream, this.#receivedAtMs ?? this.#clock.nowMs(), totalBytes)
  }

  note(kind: Parameters<Tape['note']>[0]): void {
    this.#tape.note(kind, this.#stream, this.#clock.nowMs())
  }
}
