export type { CheckOptions, IntegerModel, Model, ModelInput, Report } from '@chaosproxy/checker'
export { check } from '@chaosproxy/checker'
export type { Completion, EventInput, History, Input, Json } from '@chaosproxy/history'
export { historyFromEvents, millis } from '@chaosproxy/history'
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
} from '@chaosproxy/protocols'
export type { Clients, Setting, Settings, Workload, WorkloadClient, WorkloadModule } from '@chaosproxy/workloads'
export { main } from './main.ts'
