export { checkedMachine, checkedProtocol } from './checked/checked-machine.ts'
export type { Command, Session } from './command.ts'
export type {
  AnyMachine,
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
export { DEFAULT_OBJECT, promiseOf } from './definition.ts'
export type { Effect, MachineEvent, NodeSetting, NodeStatus, StateMachine, Transition } from './machine.ts'
export { describeEvent, MachineError, threwBetweenSteps, threwOn, traceOf } from './machine-error.ts'
export type { AnyObject, ReplicatedObject } from './objects/object.ts'
export { findObject, functionsOf, objects } from './objects/registry.ts'
export { findProtocol, protocols } from './registry.ts'
