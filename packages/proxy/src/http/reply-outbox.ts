import type { Nanos } from '@chaosproxy/history'
import type { Exit } from '../interceptor.ts'
import type { Answer } from './answer.ts'
import type { Turn } from './turn.ts'

/** What goes on to the client, and which answers it has whole by now. */
export class ReplyOutbox {
  readonly #exit: Exit
  readonly #now: () => Nanos
  /** Answers that are on their way, and how much will have been delivered once they are. */
  readonly #underWay: { readonly atBytes: number; readonly turn: Turn; readonly answer: Answer }[] = []
  #passedBytes = 0
  #deliveredBytes = 0

  constructor(exit: Exit, now: () => Nanos) {
    this.#exit = exit
    this.#now = now
  }

  pass(bytes: Buffer): boolean {
    this.#passedBytes += bytes.length
    return this.#exit.pass(bytes)
  }

  /** The answer's last byte is the last one passed, or so many bytes later. */
  answerEnds(turn: Turn, answer: Answer, laterBytes = 0): void {
    this.#underWay.push({ atBytes: this.#passedBytes + laterBytes, turn, answer })
    if (laterBytes === 0) this.delivered(this.#deliveredBytes)
  }

  delivered(totalBytes: number): void {
    this.#deliveredBytes = totalBytes
    for (;;) {
      const next = this.#underWay[0]
      if (next === undefined || next.atBytes > totalBytes) return
      this.#underWay.shift()
      next.turn.delivered(this.#now(), next.answer)
    }
  }

  /** The connection is over: what is under way never arrives. */
  closed(time: Nanos, reason: string): void {
    for (const { turn } of this.#underWay.splice(0)) turn.ended(time, reason)
  }
}
