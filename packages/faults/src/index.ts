export type { FaultDefinition } from './definition.ts'
export { describeFault } from './describe.ts'
export type { DatagramFault, DatagramHarm, DatagramTrigger } from './families/datagram.ts'
export { datagramFamily } from './families/datagram.ts'
export type { HttpFault, HttpHarm, HttpMatch, HttpTrigger } from './families/http.ts'
export { actsOnReplies, httpFamily } from './families/http.ts'
export type { Http2Fault, Http2Harm, Http2Match, StreamTrigger } from './families/http2.ts'
export { http2Family } from './families/http2.ts'
export type { MessageFault, MessageHarm, MessageMatch, MessageTrigger } from './families/message.ts'
export { messageFamily } from './families/message.ts'
export type { NodeEffect, NodeFault } from './families/node.ts'
export { nodeFamily } from './families/node.ts'
export type { CutMode, TcpFault, TcpHarm, TcpTrigger } from './families/tcp.ts'
export { tcpFamily } from './families/tcp.ts'
export type { FaultFamily } from './family.ts'
export type { Geography } from './geography.ts'
export { geographies } from './geography.ts'
export type { Http2Code } from './http2-codes.ts'
export { http2Codes } from './http2-codes.ts'
export type { Endpoint, Link, NodeId } from './link.ts'
export { linkName, linksBetween, nodeNames, parseLink } from './link.ts'
export type { Episode, EpisodePart } from './nemeses/episode.ts'
export type { Nemesis } from './nemeses/nemesis.ts'
export { nemeses } from './nemeses/registry.ts'
export type {
  DefaultedParameter,
  OptionalParameter,
  Parameter,
  ParameterSchema,
  Parameters,
  ParameterUnit,
  ValuesOf,
} from './parameter.ts'
export { bytes, bytesPerSecond, choice, count, flag, json, ms, optional, or, parametersOf, text } from './parameter.ts'
export { printFault } from './print-fault.ts'
export type { Random } from './random.ts'
export { createRandom } from './random.ts'
export { quote, readObject, readParameters } from './read-parameters.ts'
export type { Fault, FaultKind, TrafficFamily, TrafficFault } from './registry.ts'
export {
  definitionOf,
  familyOf,
  faultDefinitions,
  faultKinds,
  isNodeFault,
  parseFault,
  parseTrafficFault,
  trafficFamilies,
  trafficFaultKinds,
} from './registry.ts'
export type { FaultChoice } from './schedule/fault-choice.ts'
export { nameOfChoice } from './schedule/fault-choice.ts'
export { parsePlan, parseSchedule, printSchedule } from './schedule/parse-schedule.ts'
export type { SchedulePlan } from './schedule/plan-schedule.ts'
export { planSchedule } from './schedule/plan-schedule.ts'
export type { Situation } from './schedule/resolve.ts'
export { resolveFault } from './schedule/resolve.ts'
export type {
  FaultPlan,
  LinkSelector,
  NodeSelector,
  PartitionShape,
  Schedule,
  ScheduledFault,
} from './schedule/schedule.ts'
export { isCounted, isTimely } from './trigger.ts'
