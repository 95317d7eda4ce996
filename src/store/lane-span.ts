/** Keys of messages are the number of their lane times this, plus their place: a lane's rows lie side by side. */
export const LANE_SPAN = 2 ** 32;
