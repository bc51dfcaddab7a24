/// <reference types="node" preserve="true" />
export type { CheckOptions, IntegerModel, Level, Model, ModelInput, Report, Verdict } from '@chaosproxy/checker'
export type { Completion, EventInput, History, Input, Json } from '@chaosproxy/history'
export { historyFromEvents, millis, UserError } from '@chaosproxy/history'
export { readHistory } from '@chaosproxy/history/files'
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
export type { Finding } from '@chaosproxy/report'
export type { RunDraft, RunListener, RunSpec } from '@chaosproxy/runner'
export type { ClientAddress, ClientModule, ClusterDeclaration, ModuleClient } from '@chaosproxy/targets'
export { defineClient, Refused } from '@chaosproxy/targets'
export type { Clients, Setting, Settings, Workload, WorkloadClient, WorkloadModule } from '@chaosproxy/workloads'
export { type CheckSettings, check } from './api/check.ts'
export { type FaultDraft, type RecordDraft, type Recording, record } from './api/record.ts'
export { type Run, type RunSettings, run } from './api/run.ts'
export { type Found, type Searched, type SearchSettings, search } from './api/search.ts'
export { type Simulated, type SimulateSettings, simulate } from './api/simulate.ts'
export { type Config, defineConfig } from './config/config.ts'
export type { OwnReporter } from './reporting/own.ts'
