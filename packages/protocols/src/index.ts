export { checkedMachine, checkedProtocol } from './checked/checked-machine.ts'
export type {
  AnyStoreMachine,
  Bug,
  ChangeWatch,
  Invariant,
  InvariantWatch,
  Knob,
  KnobValue,
  NodeWatch,
  PromisedLevel,
  ProtocolDefinition,
  ProtocolModule,
  ProtocolOptions,
} from './definition.ts'
export { promiseOf } from './definition.ts'
export type { Effect, MachineEvent, NodeSetting, NodeStatus, StateMachine, Transition } from './machine.ts'
export { describeEvent, MachineError, threwBetweenSteps, threwOn, traceOf } from './machine-error.ts'
export { findProtocol, protocols } from './registry.ts'
export type { Session, StoreCommand, StoreFailure, StoreResult } from './store.ts'
export { inSession } from './store.ts'
