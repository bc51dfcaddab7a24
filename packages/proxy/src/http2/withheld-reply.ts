import type { Http2Fault, UnansweredFault } from '@chaosproxy/faults'
import type { StreamRule } from './stream-rule.ts'

/** A fault that waits until the server has replied, and so has executed the request. */
export type WithholdingFault = UnansweredFault | Extract<Http2Fault, { readonly kind: 'grpc-status' }>

/** A server's reply of which the client gets nothing, or only the first messages. */
export interface WithheldReply {
  readonly fault: WithholdingFault
  readonly rule: StreamRule
  /** Counts the messages of the reply that the client gets. Undefined if the client gets no part of the reply. */
  readonly messages: MessageCount | undefined
  isOver: boolean
}

export const withheldReply = (rule: StreamRule, fault: WithholdingFault): WithheldReply => ({
  rule,
  fault,
  isOver: false,
  messages: fault.kind === 'grpc-status' && fault.messages !== undefined ? new MessageCount(fault.messages) : undefined,
})

/** Returns the fault if it acts on the server's reply. */
export function withholdingOf({ fault }: StreamRule): WithholdingFault | undefined {
  if (fault.kind === 'lose-reply' || fault.kind === 'crash-before-reply') return fault
  const waits = fault.kind === 'grpc-status' && (fault.after === 'forwarding' || fault.messages !== undefined)
  return waits ? fault : undefined
}

/** A compression flag and a length of four bytes (gRPC over HTTP2, "Length-Prefixed-Message"). */
const PREFIX_BYTES = 5

/** Finds the end of the nth gRPC message of a stream. */
export class MessageCount {
  #left: number
  readonly #prefix: number[] = []
  #bodyBytes = 0

  constructor(messages: number) {
    this.#left = messages
  }

  /** Returns the position after the last awaited message in `content`; undefined if `content` ends before it. */
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
