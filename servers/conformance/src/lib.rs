//! The suite that holds every contender to the contract, over a raw socket.
