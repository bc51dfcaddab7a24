import type { Http2Fault, UnansweredFault } from '@chaosproxy/faults'
import type { StreamRule } from './stream-rule.ts'

/** A fault that waits for the reply of a server, which has then done what was asked. */
export type WithholdingFault = UnansweredFault | Extract<Http2Fault, { readonly kind: 'grpc-status' }>

/** The reply of one stream, which the client does not get, or only the first messages of it. */
export interface WithheldReply {
  readonly fault: WithholdingFault
  readonly rule: StreamRule
  /** Undefined if the client gets nothing of it. */
  readonly messages: MessageCount | undefined
  /** Whether the fault has acted. */
  isOver: boolean
}

export const withheldReply = (rule: StreamRule, fault: WithholdingFault): WithheldReply => ({
  rule,
  fault,
  isOver: false,
  messages: fault.kind === 'grpc-status' && fault.messages !== undefined ? new MessageCount(fault.messages) : undefined,
})

/** The fault, if it acts once the server has replied. */
export function withholdingOf({ fault }: StreamRule): WithholdingFault | undefined {
  if (fault.kind === 'lose-reply' || fault.kind === 'crash-before-reply') return fault
  const waits = fault.kind === 'grpc-status' && (fault.after === 'forwarding' || fault.messages !== undefined)
  return waits ? fault : undefined
}

/** A compressed flag, and four bytes of length (gRPC over HTTP2, "Length-Prefixed-Message"). */
const PREFIX_BYTES = 5

/** Finds where the nth gRPC message of a stream ends. */
export class MessageCount {
  #left: number
  readonly #prefix: number[] = []
  #bodyBytes = 0

  constructor(messages: number) {
    this.#left = messages
  }

  /** How much of this content comes before the end of the last message; undefined if that is not in it. */
  endIn(content: Buffer): number | undefined {
    for (let at = 0; ; ) {
      if (this.#left === 0) return at
      if (at === content.length) return undefined
      if (this.#prefix.length < PREFIX_BYTES) {
        this.#prefix.push(content[at++] ?? 0)
        if (this.#prefix.length === PREFIX_BYTES) this.#bodyBytes = Buffer.from(this.#prefix).readUInt32BE(1)
      } else {
        const step = Math.min(this.#bodyBytes, content.length - at)
        this.#bodyBytes -= step
        at += step
      }
      if (this.#prefix.length < PREFIX_BYTES || this.#bodyBytes > 0) continue
      this.#left--
      this.#prefix.length = 0
    }
  }
}
