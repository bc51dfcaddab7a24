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

export interface Candidates {
  readonly requests: readonly Candidate[]
  readonly replies: readonly Candidate[]
}

export interface SharedConnection {
  readonly conversation: Conversation
  readonly link: HttpLink
  readonly clock: ProxyClock
  readonly memos: { readonly requests: HeaderMemo; readonly replies: HeaderMemo }
  readonly host: string | undefined
  readonly mapping: HttpMapping | undefined
  readonly recording: ConnectionRecorder | undefined
  readonly seat: Seat
  /** The client. */
  readonly peer: Peer
  readonly requests: { switchDecided(switched: boolean): void; opaqueAnswer(bytes: Buffer): void; refuse(): void }
  readonly order: HttpTurn[]
  readonly unanswered: HttpTurn[]
  /** Whether the client gets no further responses because an earlier response is missing. */
  readonly isMuted: boolean
  readonly endsServers: boolean
  now(): Nanos
  beginChunk(): Nanos
  endChunk(): void
  nowMs(): number
  candidatesFor(head: MatchableHead): Candidates
  answered(turn: HttpTurn): void
  answerInTurn(): void
  /** Tells the client to send the body of this request (100 Continue), after all earlier responses. */
  sayContinue(turn: HttpTurn): void
  answersDelivered(): void
  governAsking(): void
  holdUpIfBehind(): void
  crash(): void
  close(): void
  closeAfter(turn: HttpTurn): void
  /** Refuses a malformed request: with a response, or by a reset if the error is in the middle of a message. */
  refuse(reason: string, where: { readonly inMessage: boolean }): void
  requestsMalformed(): void
  repliesMalformed(): void
  serverGone(time: Nanos): void
}
