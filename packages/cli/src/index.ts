export type {
  Effect,
  Invariant,
  InvariantWatch,
  MachineEvent,
  NodeSetting,
  NodeStatus,
  ProtocolModule,
  StateMachine,
  StoreCommand,
  StoreResult,
  Transition,
} from '@chaos/protocols'
export { main } from './main.ts'
