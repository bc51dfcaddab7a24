export type {
  Cancel,
  Client,
  Clock,
  Cluster,
  ClusterStatus,
  Completion,
  Heal,
  Healed,
  HistorySink,
  Injected,
} from './ports.ts'
