/**
 * In the outcome column, beside those of a history: the operation is not judged, because by then its key had been changed
 * outside the record. It says nothing, like one that failed, but did happen.
 */
export const UNJUDGED = 3
