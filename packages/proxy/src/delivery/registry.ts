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
import { bandwidth, latency, packetLoss, slice, slowClose } from './schedules.ts'
import type { Stage, StageContext, StageOf } from './stage.ts'

export type StandingHarm = Exclude<TcpHarm, { readonly kind: 'reset' }>

/** The effect of each kind of fault on the bytes of a connection. */
export const stages: { readonly [Kind in StandingHarm['kind']]: StageOf<Kind> } = {
  partition,
  blackhole,
  latency,
  bandwidth,
  'packet-loss': packetLoss,
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

/** Registers the effect of a user-defined kind of fault on bytes. */
export function addStage<Harm>(kind: string, stage: (context: StageContext<Harm>) => Stage): void {
  const open: { [kind: string]: unknown } = stages
  open[kind] = stage
}
