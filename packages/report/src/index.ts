export type {
  Expectation,
  FaultRecord,
  NodeSummary,
  OperationCounts,
  PhaseSummary,
  RunConfig,
  RunSummary,
} from './run-summary.ts'
