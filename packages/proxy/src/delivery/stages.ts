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

const stages: { readonly [Kind in StandingHarm['kind']]: StageOf<Kind> } = {
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

/** What a fault is to one direction of one connection. Its kind never changes, whatever else of it is updated. */
export const createStage = (kind: StandingHarm['kind'], context: StageContext): Stage =>
  // The table pairs each kind with the stage of that kind, which the compiler cannot follow through the lookup.
  (stages[kind] as (context: StageContext) => Stage)(context)
