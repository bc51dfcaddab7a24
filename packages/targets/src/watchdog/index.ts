export { createProcessorShare } from './processor-share.ts'
export {
  askToStop,
  beginUnit,
  countCall,
  createProgress,
  describeCall,
  enter,
  mustStop,
  type Progress,
  type Reading,
  readDescription,
} from './progress.ts'
export { createWatch, type Ill, type Watch, type WatchLimits } from './watch.ts'
