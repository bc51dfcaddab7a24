import type { TcpHarm } from '@chaosproxy/faults'
import {
  blackhole,
  corrupt,
  halfOpen,
  limitBytes,
  limitTime,
  partition,
  refuse,
  resetPeer,
  slowConnect,
  timeout,
} from './losses.ts'
import { bandwidth, latency, slice, slowClose } from './schedules.ts'
import type { Stage, StageContext, StageOf } from './stage.ts'

/** A fault that stays until it is removed; a reset is over as soon as it has happened. */
export type StandingHarm = Exclude<TcpHarm, { readonly kind: 'reset' }>

/** Every kind of fault that acts on the bytes of a connection, and what it does to them. */
export const stages: { readonly [Kind in StandingHarm['kind']]: StageOf<Kind> } = {
  partition,
  blackhole,
  latency,
  bandwidth,
  'reset-peer': resetPeer,
  timeout,
  'half-open': halfOpen,
  'slow-close': slowClose,
  'slow-connect': slowConnect,
  refuse,
  slice,
  'limit-bytes': limitBytes,
  'limit-time': limitTime,
  corrupt,
}

/** A fault's stage in one direction of one connection. An update may change its parameters, but never its kind. */
export const createStage = (kind: StandingHarm['kind'], context: StageContext): Stage =>
  // The table pairs each kind with the stage of that kind, which the compiler cannot follow through the lookup.
  (stages[kind] as (context: StageContext) => Stage)(context)
