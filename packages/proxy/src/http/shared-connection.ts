import type { Nanos } from '@chaosproxy/history'
import type { ConnectionRecorder } from '@chaosproxy/recorder'
import type { HttpMapping, Peer } from '@chaosproxy/recorder/mapping'
import type { HeaderMemo, MatchableHead } from '@chaosproxy/wire/http'
import type { Conversation } from '../interceptor/interceptor.ts'
import type { ProxyClock } from '../link/clock.ts'
import type { Seat } from '../link/rule.ts'
import type { HttpLink } from './http-link.ts'
import type { Candidate } from './http-rule.ts'
import type { HttpTurn } from './turn.ts'

/** The faults that may hit a request, and the faults that may hit its response. */
export interface Candidates {
  readonly requests: readonly Candidate[]
  readonly replies: readonly Candidate[]
}

export interface SharedConnection {
  readonly conversation: Conversation
  readonly link: HttpLink
  readonly clock: ProxyClock
  readonly memos: { readonly requests: HeaderMemo; readonly replies: HeaderMemo }
  /** The `Host` for requests; undefined if requests keep their own `Host`. */
  readonly host: string | undefined
  readonly mapping: HttpMapping | undefined
  readonly recording: ConnectionRecorder | undefined
  readonly seat: Seat
  /** The client. */
  readonly peer: Peer
  readonly requestSide: { switchDecided(switched: boolean): void; opaqueAnswer(bytes: Buffer): void; refuse(): void }
  /** Requests without a complete response, in the order in which the client gets the responses. */
  readonly order: HttpTurn[]
  /** Requests sent to the server, in the order in which the server responds. */
  readonly asked: HttpTurn[]
  /** Whether the client gets no further responses because an earlier response is missing. */
  readonly isMuted: boolean
  /** Whether faults can kill the server itself. */
  readonly endsServers: boolean
  /** Returns the time for histories: while a chunk is read, the time of the chunk's arrival. */
  now(): Nanos
  beginChunk(): Nanos
  endChunk(): void
  nowMs(): number
  /** Returns the rules that may hit a request with this head. */
  candidatesFor(head: MatchableHead): Candidates
  /** Reports that the client has the response to this request, or never gets it. */
  answered(turn: HttpTurn): void
  /** Sends fabricated responses as long as one is next in order. */
  answerInTurn(): void
  /**
   * Tells the client to send the body of this request (100 Continue). Waits until all earlier requests have their
   * responses.
   */
  sayContinue(turn: HttpTurn): void
  answersDelivered(): void
  /** Stops reading from a client with too many unanswered requests. */
  governAsking(): void
  /** Stops reading requests while the history is too far behind the disk. */
  holdUpIfBehind(): void
  /** Kills the server and resets this connection. */
  crash(): void
  /** Ends both directions in an orderly way, as after the connection's last response. */
  close(): void
  /** Ends both sides once the client has the response to this request. */
  closeAfter(turn: HttpTurn): void
  /** Refuses a malformed request: with a response, or by a reset if the error is in the middle of a message. */
  refuse(reason: string, where: { readonly inMessage: boolean }): void
  /** Stops parsing requests; continues to parse the responses to earlier requests. */
  requestsMalformed(): void
  /** Stops parsing responses. Requests are not parsed any more either. */
  repliesMalformed(): void
  /** Reports that no more responses will arrive. */
  serverGone(time: Nanos): void
}
