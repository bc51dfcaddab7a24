export {
  ChaosNetwork,
  type ClientsDraft,
  type Heal,
  type NetworkOptions,
  type StartedContainer,
} from './chaos-network.ts'
