mod deadlines;
mod load;
mod model;
mod throttles;
mod turns;
