export { checkedProtocol } from './checked/checked-machine.ts'
export type { Command, Session } from './command.ts'
export { defineMachine, type MachineDefinition, type MachineRequest } from './define-machine.ts'
export type {
  AnyMachine,
  ClockBounds,
  Invariant,
  InvariantWatch,
  ProtocolDefinition,
  ProtocolModule,
  ProtocolOptions,
  ProtocolSettingValue,
  Stickiness,
} from './definition.ts'
export {
  clockBoundsOf,
  DEFAULT_OBJECT,
  mayStopUnder,
  notPromisedUnder,
  promisedLevels,
  promiseOf,
  stickinessOf,
  wrapWatches,
} from './definition.ts'

export type { Effect, MachineEvent, NodeSetting, NodeStatus, StateMachine, Transition } from './machine.ts'
export {
  describeEvent,
  MachineError,
  SilentProgramError,
  threwBetweenSteps,
  threwOn,
  traceOf,
} from './machine-error.ts'
export { UNSUPPORTED } from './objects/object.ts'
export { functionsOf, isEverRead, objects } from './objects/registry.ts'
export { findProtocol, protocols } from './registry.ts'
export type { MachineTypes, MessageOf, Tagged, Turn } from './turn.ts'
