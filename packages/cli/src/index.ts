export type { CheckOptions, IntegerModel, Model, ModelInput, Report } from '@chaos/checker'
export { check } from '@chaos/checker'
export type { Completion, EventInput, History, Input, Json } from '@chaos/history'
export { historyFromEvents, millis } from '@chaos/history'
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
export type { Clients, Setting, Settings, Workload, WorkloadClient, WorkloadModule } from '@chaos/workloads'
export { main } from './main.ts'
