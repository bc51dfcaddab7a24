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

/** The faults that may hit a request, and those that may hit its response. */
export interface Candidates {
  readonly requests: readonly Candidate[]
  readonly replies: readonly Candidate[]
}

export interface SharedConnection {
  readonly conversation: Conversation
  readonly link: HttpLink
  readonly clock: ProxyClock
  readonly memos: { readonly requests: HeaderMemo; readonly replies: HeaderMemo }
  /** The `Host` that requests get; undefined if they keep their own. */
  readonly host: string | undefined
  readonly mapping: HttpMapping | undefined
  readonly recording: ConnectionRecorder | undefined
  readonly seat: Seat
  /** The client. */
  readonly peer: Peer
  readonly requestSide: { switchDecided(switched: boolean): void; opaqueAnswer(bytes: Buffer): void; refuse(): void }
  /** Requests in the order in which the client gets their responses. */
  readonly order: HttpTurn[]
  /** Requests that the server has, in the order in which it responds. */
  readonly asked: HttpTurn[]
  /** Whether the client gets no more responses, because an earlier one is missing. */
  readonly isMuted: boolean
  /** Whether faults can kill the server itself. */
  readonly endsServers: boolean
  /** The time for the histories: while a chunk is read, the time of its arrival. */
  now(): Nanos
  beginChunk(): Nanos
  endChunk(): void
  nowMs(): number
  /** The rules that may hit a request with this head. */
  candidatesFor(head: MatchableHead): Candidates
  /** The client has its response to this request, or never will. */
  answered(turn: HttpTurn): void
  /** Sends the fabricated responses whose turn it is. */
  answerInTurn(): void
  /** Tells the client to send the body of this request, once it is its turn (100 Continue). */
  sayContinue(turn: HttpTurn): void
  answersDelivered(): void
  /** Stops reading from a client with too many unanswered requests. */
  governAsking(): void
  /** Stops reading requests while the history is too far behind. */
  holdUpIfBehind(): void
  /** Kills the server and this connection. */
  crash(): void
  /** Ends both sides, as after the connection's last response. */
  close(): void
  /** The same, once the client has its response to this request. */
  closeAfter(turn: HttpTurn): void
  /** Refuses a malformed request, with a response unless it came in the middle of another. */
  refuse(reason: string, where: { readonly inMessage: boolean }): void
  /** Stops parsing requests; keeps parsing responses to those already parsed. */
  requestsMalformed(): void
  /** Stops parsing responses, and so requests too. */
  repliesMalformed(): void
  /** No more responses will come. */
  serverGone(time: Nanos): void
}
