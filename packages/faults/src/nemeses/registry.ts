import { delay, delayClients, packetLoss, reset, slow } from './links.ts'
import { corrupt, duplicate, forge, forgeSigned, loss, reorder } from './messages.ts'
import type { Nemesis } from './nemesis.ts'
import { bridge, cutClients, halves, isolateLeader, oneWay, partition, ring } from './partitions.ts'
import { clock, crash, failover, fillDisk, kill, limitCpu, pause, restart, shifting, stop } from './processes.ts'
import {
  abort,
  crashBeforeReply,
  delayReply,
  duplicateRequest,
  errorStatus,
  loseReply,
  loseRequest,
  resetRequest,
  slowBody,
} from './requests.ts'

/** Every nemesis. Help, documentation and tests iterate over this list. */
export const nemeses: readonly Nemesis[] = [
  partition,
  halves,
  ring,
  isolateLeader,
  bridge,
  oneWay,
  kill,
  shifting,
  pause,
  delay,
  slow,
  packetLoss,
  reset,
  loss,
  duplicate,
  reorder,
  corrupt,
  forge,
  forgeSigned,
  crash,
  clock,
  failover,
  stop,
  restart,
  limitCpu,
  fillDisk,
  loseRequest,
  resetRequest,
  crashBeforeReply,
  loseReply,
  delayReply,
  abort,
  slowBody,
  errorStatus,
  duplicateRequest,
  delayClients,
  cutClients,
]
