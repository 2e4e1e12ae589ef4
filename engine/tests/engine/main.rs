//! The engine as its users see it: blobs, limits, capacity.

#[cfg(test)]
mod blobs;
#[cfg(test)]
mod capacity;
#[cfg(test)]
mod detectors;
mod frozen;
#[cfg(test)]
mod leakage;
#[cfg(test)]
mod leaked;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod only_if;
#[cfg(test)]
mod redirects;
#[cfg(test)]
mod takeover;
#[cfg(test)]
mod world;
