import ArgumentParser
import CommandLine

InspectCommand.launch()
