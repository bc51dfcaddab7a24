/**
 * An additional value of the outcome column: the operation is not judged, because its key had been changed outside the
 * record by then. Like a failed operation it constrains nothing, but it did happen.
 */
export const UNJUDGED = 3
