export type { Completion, Input } from '@chaos/history'
export type {
  Effect,
  Invariant,
  InvariantWatch,
  MachineEvent,
  NodeSetting,
  NodeStatus,
  ProtocolModule,
  StateMachine,
  Transition,
} from '@chaos/protocols'
export { main } from './main.ts'
