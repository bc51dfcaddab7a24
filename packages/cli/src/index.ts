/// <reference types="node" preserve="true" />
export type { CheckOptions, IntegerModel, Level, Model, ModelInput, Reason, Report, Verdict } from '@chaosproxy/checker'
export type {
  CheckedHistory,
  CheckSettings,
  CompareDraft,
  CompareEvent,
  CompareSettings,
  Config,
  FaultDraft,
  Found,
  RecordDraft,
  Recording,
  RecordSettings,
  Run,
  RunSettings,
  Searched,
  SearchSettings,
  SearchStep,
  Simulated,
  SimulateSettings,
  SimulateStep,
} from '@chaosproxy/engine'
export { check, compare, defineConfig, record, run, search, simulate } from '@chaosproxy/engine'
export type { BesideDeclaration, PostgresDeclaration, ServiceDeclaration } from '@chaosproxy/engine/references'
export type { Completion, EventInput, History, Input, Json, Millis } from '@chaosproxy/history'
export { historyFromEvents, millis, UserError } from '@chaosproxy/history'
export { readHistory } from '@chaosproxy/history/files'
export type {
  Effect,
  Invariant,
  InvariantWatch,
  MachineDefinition,
  MachineEvent,
  MachineRequest,
  MachineTypes,
  MessageOf,
  NodeSetting,
  NodeStatus,
  ProtocolModule,
  ProtocolOptions,
  StateMachine,
  Transition,
  Turn,
} from '@chaosproxy/protocols'
export { defineMachine } from '@chaosproxy/protocols'
export type { ComparedCell, ComparedSystem, Comparison, Finding } from '@chaosproxy/report'
export type { RunDraft, RunEvent, RunListener, RunSpec, TrafficServer, TrafficSpec } from '@chaosproxy/runner'
export type { ClientAddress, ClientModule, ClusterDeclaration, ModuleClient } from '@chaosproxy/targets'
export { defineClient, Refused } from '@chaosproxy/targets'
export type { Clients, Setting, Settings, Workload, WorkloadClient, WorkloadModule } from '@chaosproxy/workloads'
export * from './extending.ts'
export type { OwnReporter } from './reporting/own.ts'
