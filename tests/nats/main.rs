//! Publishing to a real nats-server: nothing is lost, doubled or misplaced, whatever breaks.

mod contents;
mod ends;
mod installation;
mod interruptions;
mod proxy;
mod publishing;
mod subjects;
